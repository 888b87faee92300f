"""Writes ONNX files of perceptrons, byte by byte: independent of the reader that is tested."""

import numpy as np


def _varint(number):
    out = bytearray()
    while True:
        out.append(number & 0x7F | (0x80 if number > 0x7F else 0))
        number >>= 7
        if number == 0:
            return bytes(out)


def _field(number, value):
    """One field of a message: a whole number, a text, or bytes."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    if isinstance(value, str):
        value = value.encode()
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _tensor(name, values):
    values = np.asarray(values, dtype="<f4")
    dims = b"".join(_field(1, int(size)) for size in values.shape)
    return dims + _field(2, 1) + _field(8, name) + _field(9, values.tobytes())


def _port(name, width):
    dims = _field(1, _field(2, "n")) + _field(1, _field(1, width))
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, dims)))


def _node(operator, inputs, output):
    named = b"".join(_field(1, name) for name in inputs)
    return named + _field(2, output) + _field(3, "/" + output) + _field(4, operator)


def perceptron(path, layers):
    """Writes relu(x · w + b) after relu(…), without a ReLU after the last, to `path`.

    layers: weights (inputs × outputs) and biases (outputs), first layer first.
    """
    nodes, tensors, last = [], [], "x"
    for idx, (weights, bias) in enumerate(layers):
        tensors += [_tensor(f"w{idx}", weights), _tensor(f"b{idx}", bias)]
        nodes.append(_node("Gemm", [last, f"w{idx}", f"b{idx}"], f"h{idx}"))
        last = f"h{idx}"
        if idx + 1 < len(layers):
            nodes.append(_node("Relu", [last], f"a{idx}"))
            last = f"a{idx}"
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, "perceptron")
    graph += b"".join(_field(5, tensor) for tensor in tensors)
    graph += _field(11, _port("x", layers[0][0].shape[0]))
    graph += _field(12, _port(last, layers[-1][0].shape[1]))
    path.write_bytes(_field(1, 8) + _field(7, graph) + _field(8, _field(2, 17)))


def random_perceptron(path, widths, seed):
    """A perceptron of random weights, and samples (samples × inputs, from 0 to 1) with labels."""
    draw = np.random.default_rng(seed)
    layers = [
        (draw.normal(size=(n, m)) / np.sqrt(n), 0.1 * draw.normal(size=m))
        for n, m in zip(widths, widths[1:])
    ]
    perceptron(path, layers)
    x = draw.uniform(size=(64, widths[0])).astype(np.float32)
    h = x
    for idx, (weights, bias) in enumerate(layers):
        h = h @ weights + bias
        h = np.maximum(h, 0.0) if idx + 1 < len(layers) else h
    return x, np.argmax(h, axis=1)
