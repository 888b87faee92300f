"""One matrix on the tiles of a chip."""

import numpy as np
import pytest

import cim

RNG = np.random.default_rng(9)


def test_a_product_is_near_the_exact_one_and_noisy_by_call():
    weights = RNG.normal(size=(32, 8)).astype(np.float32)
    x = RNG.uniform(size=(200, 32)).astype(np.float32)
    product = cim.Product(weights, x, seed=1)
    assert product.shape == (32, 8)
    y, want = product(x, call=0), x @ weights
    assert y.dtype == np.float32 and y.shape == (200, 8)
    # The preset's cells and converters leave some per cent; a chip that computed anything else, 100 %.
    error = np.square(y - want).mean() / np.square(want).mean()
    assert 0 < error < 0.1, error
    assert np.array_equal(product(x, call=0), y)
    assert not np.array_equal(product(x, call=1), y)
    assert np.array_equal(cim.Product(weights, x, seed=1)(x, call=0), y)
    assert not np.array_equal(cim.Product(weights, x, seed=2)(x, call=0), y)
    assert not np.array_equal(cim.Product(weights, x, seed=1, chip=1)(x, call=0), y)


def test_signed_inputs_are_carried():
    weights = RNG.normal(size=(16, 4)).astype(np.float32)
    x = RNG.normal(size=(100, 16)).astype(np.float32)
    y = cim.Product(weights, x, seed=1)(x, call=0)
    # Converters without a sign would drop the negative inputs.
    carried, dropped = x @ weights, np.maximum(x, 0) @ weights
    assert np.square(y - carried).mean() < 0.5 * np.square(y - dropped).mean()


def test_what_cannot_be_is_refused():
    weights, x = np.ones((4, 2), np.float32), np.ones((3, 4), np.float32)
    for arguments in [
        dict(weights=weights, calibration=x[:, :3]),
        dict(weights=weights, calibration=x[:0]),
        dict(weights=weights * np.inf, calibration=x),
        dict(weights=weights, calibration=x * np.nan),
    ]:
        with pytest.raises(cim.InputError):
            cim.Product(seed=1, **arguments)
    with pytest.raises(cim.InputError, match="4 inputs"):
        cim.Product(weights, x, seed=1)(x[:, :3], call=0)
    with pytest.raises(TypeError, match="call"):
        cim.Product(weights, x, seed=1)(x)
