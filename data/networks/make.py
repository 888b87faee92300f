"""Trains the two small networks of this folder on MNIST at 14 x 14 pixels and exports them.

    pip install torch onnx numpy
    python make.py ../mnist .
"""

import gzip
import pathlib
import sys

import numpy as np
import torch
from torch import nn

SAMPLES = 300


def read(folder, name, offset):
    return np.frombuffer(gzip.open(folder / name).read(), np.uint8, offset=offset)


def images(folder, name):
    """Images of 14 x 14 pixels in [0, 1]: means of 2 x 2 pixels, rounded to bytes."""
    pixels = read(folder, f"{name}-images-idx3-ubyte.gz", 16).reshape(-1, 14, 2, 14, 2)
    labels = read(folder, f"{name}-labels-idx1-ubyte.gz", 8).astype(np.int64)
    small = np.round(pixels.mean(axis=(2, 4))).astype(np.float32) / 255
    return small[:, None], labels


def train(network, x, y, epochs=12):
    steps = torch.optim.Adam(network.parameters(), 2e-3)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(128):
            steps.zero_grad()
            nn.functional.cross_entropy(network(x[batch]), y[batch]).backward()
            steps.step()
    return network.eval()


def main(mnist, out):
    torch.manual_seed(1)
    mnist, out = pathlib.Path(mnist), pathlib.Path(out)
    x, y = (torch.from_numpy(array) for array in images(mnist, "train"))
    test_x, test_y = images(mnist, "t10k")
    np.savez_compressed(out / "digits.npz", x=test_x[:SAMPLES], y=test_y[:SAMPLES])
    networks = {
        "mlp": nn.Sequential(nn.Flatten(), nn.Linear(196, 32), nn.ReLU(), nn.Linear(32, 10)),
        "cnn": nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(64, 10),
        ),
    }
    for name, network in networks.items():
        train(network, x, y)
        with torch.no_grad():
            right = network(torch.from_numpy(test_x)).argmax(1).numpy() == test_y
        print(name, right.mean(), "of 10,000;", right[:SAMPLES].mean(), "of the first", SAMPLES)
        torch.onnx.export(
            network, torch.zeros(1, 1, 14, 14), str(out / f"{name}.onnx"), dynamo=False,
            input_names=["x"], output_names=["logits"],
            dynamic_axes={"x": {0: "n"}, "logits": {0: "n"}},
        )


main(*sys.argv[1:])
