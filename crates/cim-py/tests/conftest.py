"""What several tests need: the command line to compare with, and where the repository's networks lie."""

import os
import pathlib
import subprocess

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def command_line():
    """Runs `cim` with arguments and returns what it prints."""
    binary = os.environ.get("CIM_BINARY")
    if binary is None:
        pytest.skip("CIM_BINARY does not say where the command line is")

    def run(*args):
        done = subprocess.run(
            [binary, *map(str, args)], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        return done.stdout.decode()

    return run


@pytest.fixture(scope="session")
def networks():
    """The folder of networks that the repository ships."""
    return ROOT / "data" / "networks"


@pytest.fixture(scope="session")
def digits(networks):
    """Images and labels of handwritten digits."""
    with np.load(networks / "digits.npz") as arrays:
        return arrays["x"], arrays["y"]
