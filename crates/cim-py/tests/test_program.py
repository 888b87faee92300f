"""Programming by pulses, against the command line."""

import json

import numpy as np
import pytest

import cim

TARGETS = np.linspace(60e-6, 200e-6, 24).reshape(4, 6)


def test_programming_is_that_of_the_command_line(command_line, tmp_path):
    targets, out, report = (tmp_path / name for name in ["t.npy", "g.npy", "r.json"])
    np.save(targets, TARGETS)
    for programmer, wires in [("ispva", None), ("gdp", 1.0)]:
        more = [] if wires is None else ["--wires", wires]
        command_line(
            "program", "--targets", targets, "--programmer", programmer, "--preset", "synaptogen",
            "--seed", 5, "--out", out, "--report", report, *more,
        )
        got = cim.program(
            TARGETS, device="synaptogen", programmer=programmer, seed=5, r_wire=wires
        )
        want = json.loads(report.read_text())
        assert np.array_equal(got.achieved, np.load(out)), programmer
        assert np.array_equal(got.pulses, want["per_cell"]["pulses"])
        assert np.array_equal(got.accepted, np.array(want["per_cell"]["end"]) == "in-band")
        assert got.rms_error_s == want["rms_error_s"]
        assert got.share_inside_band == want["share_inside_band"]
        assert got.product_error == (want["product_error"], want["product_error_after_gain"])


def test_every_cell_ends_in_one_way():
    got = cim.program(TARGETS, device="synaptogen", programmer="ispva", seed=5)
    ends = got.accepted.astype(int) + got.stuck + got.given_up
    assert (ends == 1).all()
    for field in [got.pulses, got.reads, got.energy_j, got.time_s]:
        assert field.shape == TARGETS.shape and (field >= 0).all()


def test_what_cannot_be_programmed_is_refused():
    with pytest.raises(cim.InputError, match=r"\(1, 0\)"):
        cim.program([[1e-4], [1.0]], device="synaptogen", programmer="ispva", seed=1)
    with pytest.raises(cim.InputError, match="ispva"):
        cim.program(TARGETS, device="synaptogen", programmer="ipsva", seed=1)
    assert "gdp" in cim.programmers()
