"""Commands lie in the packages that offer them; some may not be there."""

import importlib
import importlib.util
from types import ModuleType


def find(module: str) -> ModuleType | None:
    """Import a module with SUMMARY, add_arguments(parser) and main(args) -> exit status, if any."""
    try:
        if importlib.util.find_spec(module) is None:
            return None
    except ModuleNotFoundError:  # the package that it would lie in
        return None
    return importlib.import_module(module)
