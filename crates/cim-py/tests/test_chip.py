"""Networks on chips, against the command line."""

import json

import numpy as np
import pytest

import cim
from onnx_file import perceptron, random_perceptron

#: Where the report says by whom it was asked, and with what file.
ASKED_BY = {'"command"', '"data_name"', '"data_sha256"'}


@pytest.fixture
def asked(tmp_path):
    path = tmp_path / "net.onnx"
    x, y = random_perceptron(path, [20, 16, 5], seed=11)
    data = tmp_path / "data.npz"
    np.savez(data, x=x, y=y)
    return path, data, x, y


def compare(report, printed):
    """The bytes are the same, but for the lines that say who asked."""
    ours, theirs = report.splitlines(), printed.splitlines()
    assert len(ours) == len(theirs)
    differ = {line.split(":")[0].strip() for line, other in zip(ours, theirs) if line != other}
    assert differ <= ASKED_BY, differ


def test_the_report_is_that_of_the_command_line(command_line, asked):
    path, data, x, y = asked
    for more, arguments in [
        (["--preset", "paper", "--budget"], dict(budget=True)),
        (
            ["--preset", "pcm", "--after", "1 day", "--compensate", "global", "--calibration", 10],
            dict(after="1 day", compensate="global", calibration=10),
        ),
    ]:
        printed = command_line(
            "eval", path, "--data", data, "--chips", 3, "--seed", 7, "--json", *more
        )
        chip = cim.Chip.from_onnx(path, preset=more[1])
        result = chip.evaluate(x, y, chips=3, seed=7, **arguments)
        compare(result.to_json(), printed)
        figures = json.loads(printed)["figures"]
        assert result.accuracy == figures["on_chip"]["mean"]
        assert result.digital == figures["digital"]["mean"] == 1.0
        assert result.ci95 == figures["on_chip"]["ci95"]


def test_what_comes_back_is_whole(asked):
    path, _, x, y = asked
    result = cim.Chip.from_onnx(path).evaluate(x, y, chips=4, seed=1, budget=True)
    assert result.metric == "top1" and result.chips.shape == result.output_error.shape == (4,)
    assert np.isclose(result.score, result.chips.mean())
    low, high = result.interval
    assert np.isclose(high - low, 2 * result.ci95) and low <= result.score <= high
    assert [layer["name"] for layer in result.layers] == ["/h0", "/h1"]
    first = result.layers[0]
    assert (first["inputs"], first["outputs"], first["vectors"]) == (20, 16, 1)
    assert first["energy_j"] > 0 and 0 <= first["adc_clips"] < 1
    whole = result.budget["whole"][0]
    parts = [effect["share"][0] for effect in result.budget["effects"].values()]
    assert np.isclose(whole, sum(parts) + result.budget["rest"][0] + result.budget["remainder"][0])
    assert "% on 4 chips" in repr(result)


def test_the_same_seed_gives_the_same_chips_at_any_number_of_threads(asked):
    path, _, x, y = asked
    chip = cim.Chip.from_onnx(path)
    one, two, other = (
        chip.evaluate(x, y, chips=3, seed=seed, threads=threads)
        for seed, threads in [(1, 1), (1, 2), (2, 1)]
    )
    assert one.to_json() == two.to_json()
    assert not np.array_equal(one.output_error, other.output_error)


def test_samples_of_any_type_and_layout_are_the_same(asked):
    path, _, x, y = asked
    chip = cim.Chip.from_onnx(path)
    want = chip.evaluate(x, y, chips=2, seed=1).chips
    for own_x, own_y in [
        (x.astype(np.float64), y.astype(np.int32)),
        (np.asfortranarray(x), y.astype(np.uint8)),
        ({"x": x}, y.tolist()),
    ]:
        assert np.array_equal(chip.evaluate(own_x, own_y, chips=2, seed=1).chips, want)


def test_numbers_are_judged_by_their_squared_error_and_without_answers_by_cosine(asked):
    path, _, x, _ = asked
    chip = cim.Chip.from_onnx(path)
    numbers = chip.evaluate(x, np.zeros((len(x), 5), dtype=np.float32), chips=1, seed=1)
    assert numbers.metric == "mse" and numbers.accuracy is None
    assert chip.evaluate(x, chips=1, seed=1).metric == "cosine"
    assert chip.evaluate(x, chips=1, seed=1, metric="top1").digital == 1.0


def test_the_design_is_the_file_of_the_command_line(command_line, asked, tmp_path):
    path, data, x, y = asked
    out = tmp_path / "theirs.toml"
    command_line("optimise", path, "--calibration", data, "--out", out)
    design = cim.optimise(path, x)
    assert design.toml == out.read_text()
    assert design.error <= design.error_before and design.certified_gap < 1e-6
    assert [product["name"] for product in design.products] == ["/h0", "/h1"]
    own = tmp_path / "ours.toml"
    design.save(own)
    assert own.read_bytes() == out.read_bytes()
    chip = cim.Chip.from_onnx(path)
    assert cim.optimise(chip, x).toml == design.toml
    scores = [
        chip.evaluate(x, y, chips=2, seed=3, config=config).to_json()
        for config in [design, own, cim.Design.load(out)]
    ]
    assert scores[0] == scores[1] == scores[2]
    assert cim.Chip.from_onnx(path, config=design).evaluate(x, y, chips=2, seed=3).to_json() == scores[0]
    printed = command_line(
        "eval", path, "--data", data, "--chips", 2, "--seed", 3, "--config", out, "--json"
    )
    compare(scores[0], printed)


def test_a_measured_chip_is_that_of_the_command_line(command_line, asked, tmp_path):
    path, data, x, y = asked
    folder = tmp_path / "chip"
    eval_ = ["eval", path, "--data", data, "--seed", 7, "--json"]
    dumped = json.loads(command_line(*eval_, "--chips", 1, "--dump", folder))
    printed = command_line(*eval_, "--chips", 3, "--held", folder)
    chip = cim.Chip.from_onnx(path)
    result = chip.evaluate(x, y, chips=3, seed=7, held=folder)
    compare(result.to_json(), printed)
    # What a simulated chip holds is that chip: its first reading is the run that wrote it.
    first = chip.evaluate(x, y, chips=1, seed=7, held=str(folder))
    assert first.output_error[0] == dumped["figures"]["output_error"]["mean"]
    with pytest.raises(cim.InputError, match="age"):
        cim.Chip.from_onnx(path, preset="pcm").evaluate(
            x, y, chips=1, seed=7, held=folder, after="1 day"
        )
    with pytest.raises(cim.CimError):
        chip.evaluate(x, y, chips=1, seed=7, held=tmp_path / "nowhere")


def test_safetensors_are_the_same_network(asked, tmp_path):
    weights = np.random.default_rng(4).normal(size=(6, 3)).astype("<f4")
    onnx, tensors = tmp_path / "w.onnx", tmp_path / "w.safetensors"
    perceptron(onnx, [(weights, np.zeros(3))])
    # PyTorch's layout: outputs × inputs.
    body = np.ascontiguousarray(weights.T).tobytes()
    head = json.dumps(
        {"fc.weight": {"dtype": "F32", "shape": [3, 6], "data_offsets": [0, len(body)]}}
    ).encode()
    tensors.write_bytes(len(head).to_bytes(8, "little") + head + body)
    layers = 'input = [6]\n\n[[layer]]\nkind = "linear"\nname = "fc"\n'
    chip = cim.Chip.from_safetensors(tensors, layers)
    x = np.random.default_rng(5).uniform(size=(30, 6)).astype(np.float32)
    want = cim.Chip.from_onnx(onnx).evaluate(x, chips=2, seed=1).chips
    assert np.array_equal(chip.evaluate(x, chips=2, seed=1).chips, want)
    with pytest.raises(cim.InputError, match="weights and not what is done"):
        cim.Chip.from_onnx(tensors)


def test_presets_are_names_files_or_text(asked, tmp_path):
    path, _, x, y = asked
    assert {"paper", "pcm"} <= set(cim.presets())
    text = cim.preset("paper")
    own = tmp_path / "mine.toml"
    own.write_text(text)
    runs = [
        cim.Chip.from_onnx(path, preset=preset).evaluate(x, y, chips=1, seed=1)
        for preset in ["paper", own, text]
    ]
    assert all(np.array_equal(run.chips, runs[0].chips) for run in runs)
    with pytest.raises(cim.InputError, match=r"text:\d+:\d+: .*adc_bit"):
        cim.Chip.from_onnx(path, preset=text.replace("adc_bits =", "adc_bit =", 1))
    with pytest.raises(cim.InputError, match=r"text:\d+:\d+: .*adc_bits"):
        cim.Chip.from_onnx(path, preset=text.replace("adc_bits = 6", "adc_bits = 40", 1))
    with pytest.raises(FileNotFoundError, match='did you mean "paper"'):
        cim.Chip.from_onnx(path, preset="papr")


def test_what_cannot_be_is_refused_by_kind(asked, tmp_path):
    path, _, x, y = asked
    chip = cim.Chip.from_onnx(path)
    for arguments, words in [
        (dict(x=x[:, :3], y=y), "sample of the network"),
        (dict(x=x, y=y[:4]), "4 answers"),
        (dict(x=x, y=y, metric="top2"), "top1"),
        (dict(x=x * np.nan, y=y), "NaN"),
        (dict(x={"z": x}, y=y), "no array x"),
        (dict(x=x, y=y + 1000), "label"),
        (dict(x=x, y=y, chips=0), "chips is 0"),
        (dict(x=x, y=y, until=-1.0), "until"),
        (dict(x=x, y=y, until=0.5, chips=10), "50 points of accuracy"),
        (dict(x=x, y=y, until=0.05, chips=9), "at most 9 chips"),
        (dict(x=x, y=y, after="1 day"), "nothing is known"),
        (dict(x=x, y=y, calibration=0), "calibration"),
        (dict(x=["a"], y=y), "array of"),
        (dict(x=x, y=y, threads=100_000), "threads"),
    ]:
        with pytest.raises(cim.InputError) as refused:
            chip.evaluate(seed=1, **{"chips": 1, **arguments})
        assert words in str(refused.value), (words, str(refused.value))
    with pytest.raises(TypeError, match="seed"):
        chip.evaluate(x, y)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(cim.NetworkError):
        cim.Chip.from_onnx(broken)
    with pytest.raises(FileNotFoundError, match="gone.onnx"):
        cim.Chip.from_onnx(tmp_path / "gone.onnx")
    with pytest.raises(cim.InfeasibleError, match="least possible"):
        cim.optimise(path, x, energy_budget="1 aJ")
    with pytest.raises(cim.InputError, match="which has its own"):
        cim.optimise(chip, x, preset="paper")
