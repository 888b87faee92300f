"""The notebooks of the book run from their first cell to their last, without Jupyter, and hold no outputs."""

import importlib.util
import json

import pytest

from conftest import ROOT

FOLDER = ROOT / "docs" / "notebooks"
NAMES = sorted(path.name for path in FOLDER.glob("*.ipynb"))


def code(name):
    """The cells with code, each as one text."""
    notebook = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells), name
    return ["".join(cell["source"]) for cell in cells]


@pytest.mark.parametrize("name", NAMES)
def test_notebooks_run(name, monkeypatch):
    monkeypatch.chdir(FOLDER)
    names = {"__name__": "__main__"}
    for idx, cell in enumerate(code(name)):
        exec(compile(cell, f"{name}, cell {idx}", "exec"), names)


def test_there_are_three_and_the_first_begins_with_ten_lines():
    assert NAMES == ["device.ipynb", "network.ipynb", "wires.ipynb"]
    first = [line for line in code("network.ipynb")[0].splitlines() if line.strip()]
    assert len(first) <= 10


def test_badcrossbar_has_the_same_currents(monkeypatch, capsys):
    """Where it is installed, the notebook asks it: what it compares is then a fact and not left out."""
    if importlib.util.find_spec("badcrossbar") is None:
        pytest.skip("badcrossbar is not installed: the dense solve of the notebook stands for it")
    monkeypatch.chdir(FOLDER)
    names = {"__name__": "__main__"}
    for idx, cell in enumerate(code("wires.ipynb")):
        exec(compile(cell, f"wires.ipynb, cell {idx}", "exec"), names)
    assert "badcrossbar differs by" in capsys.readouterr().out
    assert names["error"] < 1e-6
