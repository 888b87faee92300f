"""The examples of the README run, in a folder that has the repository's networks."""

import pathlib
import re
import shutil

import pytest

from conftest import ROOT

README = pathlib.Path(__file__).resolve().parents[1] / "README.md"


def examples():
    text = README.read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("idx", range(len(examples())))
def test_examples_run(idx, tmp_path, monkeypatch):
    code = examples()[idx]
    if re.search(r"^import .*\btorch\b", code, re.MULTILINE):
        pytest.importorskip("torch")
    for name in ["mlp.onnx", "cnn.onnx", "digits.npz"]:
        shutil.copy(ROOT / "data" / "networks" / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, f"README.md, example {idx}", "exec"), {"__name__": "example"})


def test_ten_lines_are_ten_lines():
    first = examples()[0]
    assert len([line for line in first.splitlines() if line.strip()]) <= 10
