"""Training steps of the networks of layers.rs in PyTorch, on one thread: images per second.

    python3 layers.py

For measurement only; nothing in the project needs PyTorch.
"""

import statistics
import time

import torch
from torch import nn

torch.set_num_threads(1)
IMAGES = 128


def lenet():
    conv = lambda a, b, p: [nn.Conv2d(a, b, 5, padding=p), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(
        *conv(1, 6, 2), *conv(6, 16, 0), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )


def conv(a, b, kernel, stride):
    return [nn.Conv2d(a, b, kernel, stride, kernel // 2), nn.BatchNorm2d(b)]


class Block(nn.Module):
    def __init__(self, a, b, stride):
        super().__init__()
        self.body = nn.Sequential(*conv(a, b, 3, stride), nn.ReLU(), *conv(b, b, 3, 1))
        self.shortcut = nn.Sequential(*(conv(a, b, 1, stride) if stride > 1 else []))

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


def resnet20():
    layers, before = [*conv(3, 16, 3, 1), nn.ReLU()], 16
    for channels, first in [(16, 1), (32, 2), (64, 2)]:
        for block in range(3):
            layers.append(Block(before, channels, first if block == 0 else 1))
            before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


for name, net, shape in [("lenet5", lenet(), (1, 28, 28)), ("resnet20", resnet20(), (3, 32, 32))]:
    x, y = torch.rand(IMAGES, *shape), torch.arange(IMAGES) % 10
    optimiser = torch.optim.SGD(net.parameters(), lr=1e-4, momentum=0.9)
    seconds = []
    for step in range(45 if name == "lenet5" else 12):
        start = time.perf_counter()
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimiser.step()
        seconds.append(time.perf_counter() - start)
    print(name, f"{IMAGES / statistics.median(seconds[2:]):.0f} images/s")
