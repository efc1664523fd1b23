"""The weights of a float `.tflite` that export.py wrote, back in PyTorch.

So a run can start from the shipped file: `train.py --start models/detector.tflite`.
"""

from __future__ import annotations

from pathlib import Path

import torch
from ai_edge_litert.interpreter import Interpreter
from torch import nn


def restore(model: nn.Module, file: Path, picture: torch.Tensor) -> None:
    """Fill the convolutions of `model` from `file`; `picture` is any input of the model.

    The file names no layers, so both are walked in the order in which they run. Raises ValueError
    where the file's convolutions are others.
    """
    interpreter = Interpreter(str(file), num_threads=1)
    interpreter.allocate_tensors()
    steps = interpreter._get_ops_details()
    if any(s['op_name'] == 'DEQUANTIZE' for s in steps):
        raise ValueError(f'{file} has no float weights: start from the file that it was made of')
    tensors = {t['index']: t for t in interpreter.get_tensor_details()}
    steps = [s for s in steps if s['op_name'].endswith('CONV_2D')]
    layers: list[nn.Conv2d] = []
    hooks = [
        layer.register_forward_hook(lambda layer, *_: layers.append(layer))
        for layer in model.modules()
        if isinstance(layer, nn.Conv2d)
    ]
    with torch.no_grad():
        model(picture)
    for hook in hooks:
        hook.remove()
    if len(steps) != len(layers):
        raise ValueError(f'{file} has {len(steps)} convolutions, the network {len(layers)}')
    for number, (step, layer) in enumerate(zip(steps, layers, strict=True)):
        # Out, height, width, in; the kernels of a depth-wise one lie in the last place.
        order = (3, 0, 1, 2) if step['op_name'].startswith('DEPTHWISE') else (0, 3, 1, 2)
        kernel, bias = (tensors[i] for i in step['inputs'][1:3])
        shape = tuple(int(kernel['shape'][axis]) for axis in order)
        if shape != tuple(layer.weight.shape):
            raise ValueError(
                f'convolution {number} of {file} is {shape}, '
                f'that of the network {tuple(layer.weight.shape)}'
            )
        weight = torch.from_numpy(interpreter.get_tensor(kernel['index'])).permute(order)
        layer.weight.data.copy_(weight)
        layer.bias.data.copy_(torch.from_numpy(interpreter.get_tensor(bias['index'])))
