"""What a call costs beside its work."""

import timeit

import numpy as np
import pytest

import cim

#: Most time of a call that has next to nothing to do (s).
MOST = 50e-6


def calls():
    g, v = np.full((1, 1), 1e-6), np.ones(1)
    transfer, device = cim.Transfer(g), cim.device("pcm")
    weights = np.ones((1, 1), np.float32)
    product = cim.Product(weights, weights, seed=1)
    return {
        "Transfer.__call__": lambda: transfer(v),
        "solve": lambda: cim.solve(g, v, r_row=1.0, r_col=1.0),
        "Device.sample": lambda: device.sample(1e-5, count=1, seed=1),
        "Product.__call__": lambda: product(weights, call=0),
    }


@pytest.mark.parametrize("name", list(calls()))
def test_a_call_costs_at_most_fifty_microseconds(name):
    call = calls()[name]
    # The least of many: what else the machine does only adds.
    best = min(timeit.repeat(call, number=200, repeat=20)) / 200
    print(f"{name}: {1e6 * best:.1f} µs")
    assert best <= MOST, f"{name}: {1e6 * best:.1f} µs"
