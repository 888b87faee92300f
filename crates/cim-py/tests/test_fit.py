"""Cells from measurements, against the command line."""

import numpy as np
import pytest

import cim


@pytest.fixture
def table(tmp_path):
    draw = np.random.default_rng(2)
    targets = np.repeat([10.0, 30.0, 60.0, 90.0], 40)
    rows = [f"{t},{max(0.0, draw.normal(t, 2.0)):.4f},{k}" for k, t in enumerate(targets)]
    path = tmp_path / "cells.csv"
    path.write_text("target (uS),achieved (uS),cell\n" + "\n".join(rows) + "\n")
    return path


def test_the_preset_is_that_of_the_command_line(command_line, table, tmp_path):
    out = tmp_path / "mine.toml"
    printed = command_line("device", "fit", table, "--out", out, "--source", "bench 3")
    fitted = cim.fit(table, source="bench 3")
    assert fitted.preset == out.read_text()
    assert repr(fitted).splitlines()[0] in printed
    own = tmp_path / "own.toml"
    fitted.save(own)
    assert own.read_bytes() == out.read_bytes()
    assert fitted.cells == 160
    for parameter in fitted.parameters:
        assert parameter["low"] <= parameter["value"] <= parameter["high"]
        assert set(parameter) == {"name", "unit", "value", "low", "high"}
    assert cim.fit(table.read_text()).parameters == fitted.parameters


def test_what_cannot_be_is_refused_with_its_line(table, tmp_path):
    for text, words in [
        ("target,achieved\n1,2\n", "unit"),
        (table.read_text().replace("\n10.0,", "\nten,", 1), "text:2"),
        ("target (uS),achieved (uS)\n", ""),
    ]:
        with pytest.raises(cim.InputError) as refused:
            cim.fit(text)
        assert words in str(refused.value), str(refused.value)
    with pytest.raises(FileNotFoundError):
        cim.fit(tmp_path / "gone.csv")
