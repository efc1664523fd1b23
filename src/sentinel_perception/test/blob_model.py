"""Builds a small but real TFLite detector of coloured blobs: tests need no trained model.

One convolution per YOLOX stride averages the colour over a cell; red means raccoon, green cat, blue
person. Only the cells of the coarsest stride answer, with boxes as large as they are.
"""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as s

SIDE = 96
STRIDES = (8, 16, 32)
LABELS = ('raccoon', 'cat', 'dog', 'person', 'other_animal')
# Column of SPECIES per BGR channel that stands out: blue person, green cat, red raccoon.
_CHANNELS = {3: 0, 1: 1, 0: 2}
_SHARPNESS = 0.08


class _Builder:
    def __init__(self):
        self.buffers, self.tensors, self.operators, self.codes = [s.BufferT()], [], [], []

    def tensor(self, name, shape, data=None, kind=s.TensorType.FLOAT32):
        tensor = s.TensorT()
        tensor.name, tensor.shape, tensor.type = name, list(shape), kind
        if data is None:
            tensor.buffer = 0
        else:
            buffer = s.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            self.buffers.append(buffer)
            tensor.buffer = len(self.buffers) - 1
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def operator(self, code, inputs, outputs, options=None, kind=0):
        if code not in self.codes:
            self.codes.append(code)
        operator = s.OperatorT()
        operator.opcodeIndex = self.codes.index(code)
        operator.inputs, operator.outputs = list(inputs), list(outputs)
        operator.builtinOptions, operator.builtinOptionsType = options, kind
        self.operators.append(operator)

    def finish(self, inputs, outputs):
        graph = s.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = inputs, outputs
        model = s.ModelT()
        model.version, model.subgraphs, model.buffers = 3, [graph], self.buffers
        model.operatorCodes = []
        for code in self.codes:
            entry = s.OperatorCodeT()
            entry.builtinCode = entry.deprecatedBuiltinCode = code
            entry.version = 1
            model.operatorCodes.append(entry)
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b'TFL3')
        return bytes(builder.Output())


def _convolve(b, source, stride):
    """Score of each class per cell: brightness of its channel minus that of the others."""
    weights = np.zeros((len(LABELS), stride, stride, 3), np.float32)
    for label, channel in _CHANNELS.items():
        weights[label] = -1.0
        weights[label, :, :, channel] = 1.0
    weights *= _SHARPNESS / stride**2
    bias = np.full(len(LABELS), -8.0 if stride == STRIDES[-1] else -80.0, np.float32)
    cells = SIDE // stride
    kernel = b.tensor(f'kernel{stride}', weights.shape, weights)
    offset = b.tensor(f'bias{stride}', bias.shape, bias)
    scores = b.tensor(f'scores{stride}', (1, cells, cells, len(LABELS)))
    options = s.Conv2DOptionsT()
    options.strideW = options.strideH = stride
    options.padding = s.Padding.VALID
    options.dilationWFactor = options.dilationHFactor = 1
    b.operator(
        s.BuiltinOperator.CONV_2D,
        (source, kernel, offset),
        (scores,),
        options,
        s.BuiltinOptions.Conv2DOptions,
    )
    shape = np.array((1, cells * cells, len(LABELS)), np.int32)
    wanted = b.tensor(f'shape{stride}', (3,), shape, s.TensorType.INT32)
    rows = b.tensor(f'rows{stride}', shape.tolist())
    reshape = s.ReshapeOptionsT()
    reshape.newShape = shape.tolist()
    b.operator(
        s.BuiltinOperator.RESHAPE,
        (scores, wanted),
        (rows,),
        reshape,
        s.BuiltinOptions.ReshapeOptions,
    )
    return rows


def _cells():
    boxes = []
    for stride in STRIDES:
        y, x = np.mgrid[0 : SIDE // stride, 0 : SIDE // stride]
        size = np.full(x.size, stride)
        boxes.append(
            np.stack([(x.ravel() + 0.5) * stride, (y.ravel() + 0.5) * stride, size, size], 1)
        )
    return np.concatenate(boxes).astype(np.float32)


def build(*, single=False, nan=False):
    """Return the file's bytes: three outputs, or with ``single`` one tensor; ``nan`` spoils it."""
    b = _Builder()
    source = b.tensor('picture', (1, SIDE, SIDE, 3))
    parts = [_convolve(b, source, stride) for stride in STRIDES]
    boxes = _cells()
    if nan:
        boxes[0] = np.nan
    count, classes = len(boxes), len(LABELS)
    joined = b.tensor('joined', (1, count, classes))
    axis = s.ConcatenationOptionsT()
    axis.axis = 1
    b.operator(
        s.BuiltinOperator.CONCATENATION,
        parts,
        (joined,),
        axis,
        s.BuiltinOptions.ConcatenationOptions,
    )
    scores = b.tensor('classes', (1, count, classes))
    b.operator(s.BuiltinOperator.LOGISTIC, (joined,), (scores,))
    constant = b.tensor('boxes', (1, count, 4), boxes[None])
    ones = b.tensor('objectness', (1, count, 1), np.ones((1, count, 1), np.float32))
    if not single:
        return b.finish([source], [constant, ones, scores])
    everything = b.tensor('everything', (1, count, 5 + classes))
    last = s.ConcatenationOptionsT()
    last.axis = 2
    b.operator(
        s.BuiltinOperator.CONCATENATION,
        (constant, ones, scores),
        (everything,),
        last,
        s.BuiltinOptions.ConcatenationOptions,
    )
    return b.finish([source], [everything])
