"""Commands lie in the packages that offer them; some may not be there."""

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType


def file(module: str) -> Path | None:
    """Return the file of a module, which is not imported, None where no package offers it."""
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:  # the package that it would lie in
        return None
    return Path(spec.origin) if spec and spec.origin else None


def find(module: str) -> ModuleType | None:
    """Import a module with SUMMARY, add_arguments(parser) and main(args) -> exit status, if any."""
    return importlib.import_module(module) if file(module) else None
