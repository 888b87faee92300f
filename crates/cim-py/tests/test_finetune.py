"""Networks trained through the hardware of their chips, against the command line and PyTorch."""

import json

import numpy as np
import pytest

import cim
from onnx_file import perceptron, random_perceptron


def tensors(data):
    """The tensors of a safetensors file: an independent reader."""
    size = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + size])
    head.pop("__metadata__", None)
    found = {}
    for name, entry in head.items():
        assert entry["dtype"] == "F32"
        first, last = entry["data_offsets"]
        values = np.frombuffer(data[8 + size + first : 8 + size + last], dtype="<f4")
        found[name] = values.reshape(entry["shape"])
    return found


@pytest.fixture
def asked(tmp_path):
    path = tmp_path / "net.onnx"
    x, y = random_perceptron(path, [20, 16, 5], seed=11)
    return path, x, y


def test_it_is_that_of_the_command_line(command_line, asked, tmp_path):
    path, x, y = asked
    data, out = tmp_path / "data.npz", tmp_path / "w.safetensors"
    np.savez(data, x=x, y=y)
    tuned = cim.Chip.from_onnx(path).finetune(
        x, y, seed=5, epochs=2, learning_rates=[0.01], chips=3, holdout=0.5
    )
    printed = command_line(
        "finetune", path, "--data", data, "--seed", 5, "--epochs", 2, "--learning-rates", 0.01,
        "--chips", 3, "--holdout", 0.5, "--out", out, "--json",
    )
    assert tuned.to_json() == printed
    assert tuned.weights == out.read_bytes()
    own = tmp_path / "own.safetensors"
    tuned.save(own)
    assert own.read_bytes() == tuned.weights
    said = json.loads(printed)
    assert tuned.accuracy == (said["on_chips_before"][0], said["on_chips_after"][0])
    assert tuned.gain == said["gain"][0]
    low, high = tuned.interval
    assert low <= tuned.gain <= high
    assert "on the same chips" in repr(tuned)


def test_weights_go_back_in(asked, tmp_path):
    path, x, y = asked
    chip = cim.Chip.from_onnx(path)
    tuned = chip.finetune(x, y, seed=5, epochs=3, learning_rates=[0.02], chips=2, holdout=0.5)
    weights = tensors(tuned.weights)
    # As in the file: Gemm without transB takes inputs × outputs.
    assert {name: own.shape for name, own in weights.items()} == {
        "w0": (20, 16), "b0": (16,), "w1": (16, 5), "b1": (5,),
    }
    own, again = tmp_path / "w.safetensors", tmp_path / "again.onnx"
    tuned.save(own)
    perceptron(again, [(weights["w0"], weights["b0"]), (weights["w1"], weights["b1"])])
    pair = [
        cim.Chip.from_onnx(path, weights=own).evaluate(x, y, chips=2, seed=1),
        cim.Chip.from_onnx(again).evaluate(x, y, chips=2, seed=1),
    ]
    assert np.array_equal(pair[0].output_error, pair[1].output_error)
    changed = chip.evaluate(x, y, chips=2, seed=1).output_error
    assert np.array_equal(changed, pair[0].output_error) == (tuned.learning_rate is None)


def test_samples_of_their_own_judge(asked):
    path, x, y = asked
    chip = cim.Chip.from_onnx(path)
    tuned = chip.finetune(x, y, seed=1, test=(x[:10], y[:10]), epochs=1, chips=2)
    assert json.loads(tuned.to_json())["judged_on"] == "10 samples of their own"
    assert tuned.digital[0] == 1.0


def test_what_cannot_be_is_refused(asked, networks):
    path, x, y = asked
    chip = cim.Chip.from_onnx(path)
    for arguments, words in [
        (dict(holdout=0.0), "held out"),
        (dict(holdout=0.999), "held out"),
        (dict(learning_rates=[]), "no learning rate"),
        (dict(learning_rates=[float("nan")]), "learning_rate"),
        (dict(chips=1), "an interval needs"),
        (dict(y=y + 0.5), "label"),
        (dict(y=y + 5), "label"),
    ]:
        with pytest.raises(cim.InputError) as refused:
            chip.finetune(x, seed=1, **{"y": y, "epochs": 1, **arguments})
        assert words in str(refused.value), (words, str(refused.value))
    recurrent = networks.parents[1] / "crates/cim-graph/tests/golden/transformer/model.onnx"
    chip = cim.Chip.from_onnx(recurrent)
    with pytest.raises(cim.NetworkError, match="cannot be learned through"):
        chip.finetune(np.zeros((20, 8), dtype=np.int64), np.zeros(20, dtype=int), seed=1)


def test_pytorch_has_the_same_outputs_with_the_weights(networks, digits, tmp_path):
    torch = pytest.importorskip("torch")
    from torch import nn

    x, y = digits
    # As in data/networks/make.py.
    shapes = {
        "mlp.onnx": nn.Sequential(nn.Flatten(), nn.Linear(196, 32), nn.ReLU(), nn.Linear(32, 10)),
        "cnn.onnx": nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(64, 10),
        ),
    }
    for name, network in shapes.items():
        chip = cim.Chip.from_onnx(networks / name)
        tuned = chip.finetune(x, y, seed=1, epochs=2, learning_rates=[3e-3], chips=2)
        path = tmp_path / "weights.safetensors"
        tuned.save(path)
        own = {key: torch.from_numpy(values.copy()) for key, values in tensors(tuned.weights).items()}
        network.load_state_dict(own)
        with torch.no_grad():
            logits = network(torch.from_numpy(x)).numpy()
        again = cim.Chip.from_onnx(networks / name, weights=path)
        # The score without a chip is the mean squared difference to PyTorch's outputs.
        error = again.evaluate(x, logits, chips=1, seed=1, metric="mse").digital
        assert np.sqrt(error) <= 1e-5 * np.abs(logits).max(), (name, error)
