"""Pages that go through Python and the command line run as they stand, block after block, in one folder."""

import os
import pathlib
import re
import shlex

import pytest

from conftest import ROOT


def blocks(text):
    """Fenced blocks with their languages."""
    return re.findall(r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def words(line):
    """A line without its numbers: those of products may differ in their last digits between processors."""
    return " ".join(re.sub(r"\d[\d.,]*", "#", line).split())


def run(text, folder, monkeypatch, command_line=None):
    """Runs what a page has; what commands print holds the lines that the page shows behind them."""
    os.symlink(ROOT / "data", folder / "data")
    monkeypatch.chdir(folder)
    names, said = {"__name__": "page"}, ""
    for language, block in blocks(text):
        first = block.splitlines()[0]
        if language == "python":
            exec(compile(block, "page", "exec"), names)
        elif language == "toml" and first.startswith("# "):
            pathlib.Path(first[2:]).write_text(block, encoding="utf-8")
        elif language == "sh":
            lines = [shlex.split(line, comments=True) for line in block.splitlines()]
            said = "".join(command_line(*line[1:]) for line in lines if line[:1] == ["cim"])
        elif language == "text":
            printed = {words(line) for line in said.splitlines()}
            for line in block.splitlines():
                assert words(line) in printed, line
    return names


def section(text, heading, end):
    return text.split(heading, 1)[1].split(end, 1)[0]


def test_the_lines_of_the_readme_run(tmp_path, monkeypatch):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = section(readme, "\nFrom Python, ", "\n## ")
    python = [block for language, block in blocks(lines) if language == "python"]
    assert len(python) == 1 and len(python[0].splitlines()) <= 10
    names = run(f"```python\n{python[0]}```\n", tmp_path, monkeypatch)
    assert names["currents"].shape == (32,)


def test_wires_are_as_the_page_says(tmp_path, monkeypatch, command_line):
    text = (ROOT / "docs" / "concepts" / "wires.md").read_text(encoding="utf-8")
    run(section(text, "\n## Try it", "\n## "), tmp_path, monkeypatch, command_line)
    assert (tmp_path / "array.cir").exists()


def test_the_recipe_of_a_network_runs_as_it_stands(tmp_path, monkeypatch, command_line):
    for package in ["torch", "onnx", "safetensors"]:
        pytest.importorskip(package)
    text = (ROOT / "docs" / "recipes" / "network.md").read_text(encoding="utf-8")
    run(text, tmp_path, monkeypatch, command_line)
    assert (tmp_path / "net.safetensors").exists() and (tmp_path / "tuned.safetensors").exists()
