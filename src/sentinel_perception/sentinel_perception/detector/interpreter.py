"""TFLite files run in whichever runtime is there."""

import contextlib
import importlib
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .port import Floats, ModelError, Pixels

# LiteRT is kept up and fits every Python from 3.10; the old package ends at 3.11 and NumPy 1.
RUNTIMES = ('ai_edge_litert', 'tflite_runtime')

# Bytes 4 to 8 of every TFLite file.
_IDENTIFIER = b'TFL3'


class Interpreter(Protocol):
    """Runs one model on one picture of exactly its input size."""

    name: str
    width: int
    height: int
    # Names of the output tensors, and how many classes the file itself tells; None where it is not
    # an SSD model or cannot be read.
    output_names: list[str]
    classes: int | None

    def run(self, picture: Pixels, *, normalise: bool) -> list[Floats]:
        """Return the output tensors, dequantised, for a (height, width, 3) picture.

        ``normalise`` maps 0..255 to -1..1 where the model takes floats. Raises ModelError where the
        runtime fails.
        """
        ...


def find_runtime(names: tuple[str, ...] = RUNTIMES) -> tuple[str, Callable[..., Any]]:
    """Return name and interpreter class of the first runtime that can be imported."""
    reasons = []
    for name in names:
        try:
            return name, importlib.import_module(f'{name}.interpreter').Interpreter
        except (ImportError, AttributeError) as error:  # AttributeError: built for another NumPy
            reasons.append(f'{name}: {error}')
    raise ModelError(
        f'No TFLite runtime can be loaded ({"; ".join(reasons)}).',
        'Install one: pip install ai-edge-litert (on a ROS machine: ./sentinel setup --ros).',
    )


class TfliteInterpreter:
    """A TFLite file in LiteRT or tflite_runtime, on the CPU."""

    def __init__(self, path: Path, threads: int, names: tuple[str, ...] = RUNTIMES) -> None:
        self.name, factory = find_runtime(names)
        self._file = path.name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(
                f'The model {path} cannot be read: {error.strerror}.',
                'Name one with the parameter model, or fetch the repository again.',
            ) from None
        if content[4:8] != _IDENTIFIER:
            raise ModelError(f'{path} is no TFLite model.', 'It may be an incomplete download.')
        try:
            with without_chatter():
                self._interpreter = factory(model_content=content, num_threads=threads)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(
                f'The model {path} is damaged or needs a newer runtime: {_first_line(error)}.'
            ) from None
        inputs = self._interpreter.get_input_details()
        shape = [int(n) for n in inputs[0]['shape']]
        self._input = inputs[0]
        self._channels_first = len(shape) == 4 and shape[1] == 3
        picture = len(shape) == 4 and shape[0] == 1 and 3 in (shape[1], shape[3]) and min(shape) > 0
        if len(inputs) != 1 or not picture:
            raise ModelError(
                f'The model {path} takes {len(inputs)} input(s) of shape {shape}.',
                'Known are one picture [1,3,height,width] or [1,height,width,3].',
            )
        self.height, self.width = shape[2:] if self._channels_first else shape[1:3]
        self._outputs = self._interpreter.get_output_details()
        self.output_names = [str(o['name']) for o in self._outputs]
        self.classes = _declared_classes(self.name, content) if len(self._outputs) == 4 else None

    def run(self, picture: Pixels, *, normalise: bool) -> list[Floats]:
        """See Interpreter."""
        values = picture.transpose(2, 0, 1) if self._channels_first else picture
        try:
            self._interpreter.set_tensor(
                self._input['index'], self._encode(values[None], normalise)
            )
            self._interpreter.invoke()
            tensors = [self._interpreter.get_tensor(o['index']) for o in self._outputs]
        except (ValueError, RuntimeError) as error:
            raise ModelError(f'The model {self._file} failed: {_first_line(error)}.') from None
        return [_decode(t, o) for t, o in zip(tensors, self._outputs, strict=True)]

    def _encode(self, values: npt.NDArray[Any], normalise: bool) -> npt.NDArray[Any]:
        kind = np.dtype(self._input['dtype'])
        if kind.kind == 'f':
            scaled = values / 127.5 - 1 if normalise else values
            return np.ascontiguousarray(scaled, kind)
        if normalise:  # quantised SSD: 0..255 stands for -1..1
            return np.ascontiguousarray(values.astype(np.int16) + np.iinfo(kind).min, kind)
        scale, zero = self._input['quantization']
        limits = np.iinfo(kind)
        quantised = np.rint(values / (scale or 1.0)) + zero
        return np.ascontiguousarray(np.clip(quantised, limits.min, limits.max), kind)


def _declared_classes(runtime: str, content: bytes) -> int | None:
    """Classes in the options of TFLite_Detection_PostProcess; None where they cannot be read."""
    try:
        schema = importlib.import_module(f'{runtime}.schema_py_generated')
        flexbuffers = importlib.import_module('flatbuffers.flexbuffers')
        model = schema.Model.GetRootAs(content)
        graph = model.Subgraphs(0)
        for number in range(graph.OperatorsLength()):
            operator = graph.Operators(number)
            code = model.OperatorCodes(operator.OpcodeIndex()).CustomCode()
            if code == b'TFLite_Detection_PostProcess':
                options = flexbuffers.Loads(operator.CustomOptionsAsNumpy().tobytes())
                return int(options['num_classes'])
    except (ImportError, AttributeError, TypeError, ValueError, LookupError, struct.error):
        return None  # an old runtime without the schema, or options in another form
    return None


def _decode(tensor: npt.NDArray[Any], details: Any) -> Floats:
    scale, zero = details['quantization']
    if tensor.dtype.kind == 'f' or not scale:
        return tensor.astype(np.float32)
    return (tensor.astype(np.float32) - zero) * np.float32(scale)


@contextlib.contextmanager
def without_chatter() -> Iterator[None]:
    """Drop what the native library writes to standard error; its errors arrive as exceptions."""
    kept = os.dup(2)
    try:
        with open(os.devnull, 'w') as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip('.')
