"""Cells, against the command line and their own closed form."""

import numpy as np
import pytest

import cim


def test_samples_are_those_of_the_command_line(command_line, tmp_path):
    for name, target, more, arguments in [
        ("pcm", "5 uS", ["--after", "1 day"], dict(after="1 day")),
        ("pcm", "12 uS", ["--read"], dict(read=True)),
        ("hfo2-milo", "60 uS", [], {}),
    ]:
        out = tmp_path / "g.npy"
        command_line(
            "device", "sample", "--preset", name, "--target", target, "--count", 1000,
            "--seed", 7, "--out", out, *more,
        )
        got = cim.device(name).sample(target, count=1000, seed=7, **arguments)
        assert np.array_equal(got, np.load(out)), name


def test_samples_have_the_moments_of_the_law():
    device = cim.device("pcm")
    mean, sigma = device.moments("10 uS")
    cells = device.sample("10 uS", count=40_000, seed=1)
    # Six standard errors of a mean and of a spread of 40,000 cells.
    assert abs(cells.mean() - mean) < 6 * sigma / 200
    assert abs(cells.std() / sigma - 1) < 6 / np.sqrt(2 * 40_000)


def test_arrays_of_targets_keep_their_shape_and_their_seed():
    device = cim.device("pcm")
    targets = np.linspace(1e-6, 2e-5, 12).reshape(3, 4)
    cells = device.sample(targets, seed=2)
    assert cells.shape == (3, 4)
    assert np.array_equal(cells, device.sample(targets, seed=2))
    assert not np.array_equal(cells, device.sample(targets, seed=3))
    assert np.array_equal(device.sample(targets[0], seed=2), cells[0])


def test_every_device_says_what_it_is():
    assert "pcm" in cim.devices()
    for name in cim.devices():
        device = cim.device(name)
        low, high = device.window
        assert device.name == name and name in device.card and 0 <= low < high
        assert repr(device) == f'Device("{name}")'


def test_what_cells_cannot_do_is_refused():
    with pytest.raises(cim.InputError, match="pcm"):
        cim.device("pmc")
    device = cim.device("pcm")
    with pytest.raises(cim.InputError, match="window"):
        device.sample(1.0, count=1, seed=1)
    with pytest.raises(cim.InputError, match="how many cells"):
        device.sample(1e-5, seed=1)
    with pytest.raises(cim.InputError, match="after"):
        device.sample(1e-5, count=1, seed=1, after=-1.0)
    with pytest.raises(cim.InputError, match="knows no time"):
        cim.device("hfo2-milo").sample("60 uS", count=1, seed=1, after="1 day")
    with pytest.raises(TypeError, match="seed"):
        device.sample(1e-5, count=1)
