"""Arrays with their wires, against dense linear algebra."""

import numpy as np
import pytest

import cim

RNG = np.random.default_rng(3)


def dense(g, v, r_row, r_col):
    """Column currents by the nodal equations of all 2·rows·columns nodes, solved as one dense matrix."""
    rows, cols = g.shape
    row = lambda i, j: i * cols + j
    col = lambda i, j: rows * cols + i * cols + j
    lhs, rhs = np.zeros((2 * rows * cols,) * 2), np.zeros(2 * rows * cols)

    def branch(a, b, conductance):
        lhs[a, a] += conductance
        lhs[b, b] += conductance
        lhs[a, b] -= conductance
        lhs[b, a] -= conductance

    for i in range(rows):
        for j in range(cols):
            branch(row(i, j), col(i, j), g[i, j])
            if j + 1 < cols:
                branch(row(i, j), row(i, j + 1), 1 / r_row)
            if i + 1 < rows:
                branch(col(i, j), col(i + 1, j), 1 / r_col)
        lhs[row(i, 0), row(i, 0)] += 1 / r_row
        rhs[row(i, 0)] += v[i] / r_row
    for j in range(cols):
        lhs[col(rows - 1, j), col(rows - 1, j)] += 1 / r_col
    nodes = np.linalg.solve(lhs, rhs)
    return nodes[[col(rows - 1, j) for j in range(cols)]] / r_col


def test_without_wires_currents_are_the_product():
    g, v = RNG.uniform(1e-6, 1e-4, (5, 7)), RNG.normal(size=(3, 5))
    assert np.allclose(cim.solve(g, v), v @ g, rtol=1e-13, atol=0)
    assert cim.solve(g, v[0]).shape == (7,)


def test_currents_are_those_of_dense_nodal_equations():
    g, v = RNG.uniform(1e-6, 1e-3, (6, 4)), RNG.uniform(0, 0.3, 6)
    want = dense(g, v, 3.0, 5.0)
    for got in [
        cim.solve(g, v, r_row=3.0, r_col="5 Ohm"),
        cim.Transfer(g, r_row=3.0, r_col=5.0)(v),
        v @ cim.Transfer(g, r_row=3.0, r_col=5.0).matrix,
        cim.solve_nodes(g, v, r_row=3.0, r_col=5.0).currents,
    ]:
        # Dense elimination loses up to the condition of the matrix, some 10⁵ here.
        assert np.allclose(got, want, rtol=1e-10, atol=0)


def test_every_layout_and_type_of_numbers_gives_the_same():
    g, v = RNG.uniform(1e-6, 1e-4, (6, 4)), np.arange(12.0).reshape(2, 6)
    want = cim.solve(g, v, r_row=1.0)
    wide = np.zeros((12, 8))
    wide[::2, ::2] = g
    for own_g, own_v in [
        (np.asfortranarray(g), v),
        (wide[::2, ::2], v),
        (g.tolist(), v.astype(int)),
        (g[::-1][::-1], v.astype(np.float32)),
    ]:
        assert np.array_equal(cim.solve(own_g, own_v, r_row=1.0), want)
    transfer = cim.Transfer(g, r_row=1.0)
    assert transfer.shape == (6, 4)
    assert np.array_equal(transfer(np.asfortranarray(v)), transfer(v))


def test_nodes_keep_kirchhoffs_law():
    g, v = RNG.uniform(1e-6, 1e-4, (4, 5)), RNG.uniform(0, 0.3, (3, 4))
    nodes = cim.solve_nodes(g, v, r_row=2.0, r_col=2.0, drive="both", sense="both")
    assert nodes.cell_a.shape == (3, 4, 5)
    assert nodes.row_wire_a.shape == (3, 4, 6)
    assert nodes.column_wire_a.shape == (3, 5, 5)
    lost = nodes.row_wire_a[..., :-1] - nodes.row_wire_a[..., 1:] - nodes.cell_a
    assert np.abs(lost).max() <= 1e-12 * np.abs(nodes.cell_a).max()
    through = g * (nodes.row_v - nodes.column_v)
    assert np.allclose(nodes.cell_a, through, rtol=1e-9, atol=0)
    both = nodes.column_wire_a[:, -1] - nodes.column_wire_a[:, 0]
    assert np.allclose(nodes.currents, both, rtol=1e-12, atol=0)
    assert nodes.power_w.shape == (3,)


def test_a_bent_law_is_the_linear_one_at_low_voltages_and_more_above():
    g = RNG.uniform(1e-6, 1e-4, (4, 5))
    law = {"law": "sinh", "scale": "0.2 V"}
    low, high = np.full(4, 1e-4), np.full(4, 0.6)
    bent = cim.solve(g, low, r_row=1.0, r_col=1.0, iv=law)
    assert np.allclose(bent, cim.solve(g, low, r_row=1.0, r_col=1.0), rtol=1e-6)
    assert (cim.solve(g, high, iv=law) > 1.5 * cim.solve(g, high)).all()


def test_what_cannot_be_is_refused_by_kind():
    g = np.full((3, 3), 1e-5)
    bad = g.copy()
    bad[1, 2] = -1e-6
    for arguments, words in [
        (dict(g=bad, v=np.ones(3)), "row 1, column 2"),
        (dict(g=g, v=np.ones(4)), "shape [4]"),
        (dict(g=g, v=[1.0, np.nan, 1.0]), "NaN"),
        (dict(g=np.ones(3), v=np.ones(3)), "give a matrix"),
        (dict(g=g.astype(complex), v=np.ones(3)), "complex128"),
        (dict(g=g, v=np.ones(3), r_row=-1.0), "row wires"),
        (dict(g=g, v=np.ones(3), r_row="2 Volt"), "2 Volt"),
        (dict(g=g, v=np.ones(3), drive="left"), "give \"one\" or \"both\""),
        (dict(g=g, v=np.ones(3), iv={"law": "diode"}), "diode"),
        (dict(g=np.zeros((0, 3)), v=np.ones(0)), "no cells"),
    ]:
        with pytest.raises(cim.InputError) as refused:
            cim.solve(**arguments)
        assert words in str(refused.value), (words, str(refused.value))
        assert isinstance(refused.value, ValueError) and isinstance(refused.value, cim.CimError)
    with pytest.raises(TypeError):
        cim.solve(g, np.ones(3), r_roww=1.0)


def test_a_result_that_is_no_number_is_not_converged():
    with pytest.raises(cim.NotConverged):
        cim.solve(np.full((2, 2), 1e308), np.ones(2))


def test_cells_that_no_memristor_has_are_a_warning():
    with pytest.warns(UserWarning, match="a cell of 20.* S: conductances are in siemens"):
        cim.solve(np.full((2, 2), 20.0), np.ones(2))
    with pytest.warns(UserWarning, match="siemens"):
        cim.Transfer(np.full((2, 2), 20.0))
