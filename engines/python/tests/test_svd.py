"""The decomposition, its layouts, its errors, and the derivatives of U, s and V over numpy's arrays."""

import diffsvd
import numpy as np
import pytest
from conftest import SHAPES, SPECTRA, TYPES, adjoint, difference, epsilon, inner, random, with_values


def check_factors(a, factors):
    """Residual, orthogonality and values within 3 max(m, n) ε s₁; and the order of the values."""
    u, s, v = factors
    bound = 3 * max(a.shape[-2:]) * epsilon(a.dtype)
    largest = float(np.max(s, initial=0.0))
    k = s.shape[-1]
    assert np.all(s[..., :-1] >= s[..., 1:]) and np.all(s >= 0)
    assert np.linalg.norm(a - (u[..., :k] * s[..., None, :]) @ adjoint(v[..., :k])) <= bound * largest * a.size
    for q in (u, v):
        assert np.linalg.norm(adjoint(q) @ q - np.eye(q.shape[-1])) <= bound * q.size


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_decomposes_every_type_and_shape(rng, shape, dtype):
    a = random(rng, (2, 3, *shape), dtype)
    factors = diffsvd.svd(a)
    check_factors(a, factors)
    assert factors.u.dtype == a.dtype and factors.s.dtype == a.real.dtype and factors.u.shape[:2] == (2, 3)
    expected = np.linalg.svd(a, compute_uv=False)
    bound = 10 * max(shape) * epsilon(dtype) * expected.max()
    assert np.abs(factors.s - expected).max() <= bound
    assert np.abs(diffsvd.svdvals(a) - expected).max() <= bound


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (3, 3), (1, 4)])
def test_full_bases(rng, shape):
    a = random(rng, (4, *shape), "complex128")
    full = diffsvd.svd(a, full=True)
    assert full.u.shape == (4, shape[0], shape[0]) and full.v.shape == (4, shape[1], shape[1])
    check_factors(a, full)


@pytest.mark.parametrize("shape", [(0, 3, 3), (2, 0, 3), (2, 3, 0), (0, 0), (2, 0, 4, 4)])
def test_empty(shape):
    a = np.zeros(shape)
    u, s, v = diffsvd.svd(a)
    k = min(shape[-2:])
    assert u.shape == (*shape[:-1], k) and s.shape == (*shape[:-2], k) and v.shape == (*shape[:-2], shape[-1], k)
    assert diffsvd.svt(a, 0.5).shape == shape and diffsvd.nuclear_norm(a).shape == shape[:-2]


def layouts(a):
    """The same entries (batch 4, 6 of 5×3) in other orders, with gaps, reversed, repeated, misaligned."""
    yield "as it is", a
    yield "column by column", np.swapaxes(np.ascontiguousarray(np.swapaxes(a, -1, -2)), -1, -2)
    yield "batch last", np.moveaxis(np.ascontiguousarray(np.moveaxis(a, (0, 1), (2, 3))), (2, 3), (0, 1))
    yield "batch swapped", np.swapaxes(np.ascontiguousarray(np.swapaxes(a, 0, 1)), 0, 1)
    gaps = np.zeros((4, 12, 10, 9), a.dtype)
    gaps[:, ::2, ::2, ::3] = a
    yield "gaps", gaps[:, ::2, ::2, ::3]
    yield "reversed", np.ascontiguousarray(a[::-1, :, ::-1, ::-1])[::-1, :, ::-1, ::-1]
    raw = np.zeros(a.nbytes + 1, np.uint8)
    misaligned = raw[1:].view(a.dtype).reshape(a.shape)
    misaligned[...] = a
    yield "misaligned", misaligned


@pytest.mark.parametrize("dtype", TYPES)
def test_strides_do_not_matter(rng, dtype):
    a = random(rng, (4, 6, 5, 3), dtype)
    expected = diffsvd.svd(a)
    for name, same in layouts(a):
        before = same.copy()
        for x, y in zip(diffsvd.svd(same), expected):
            assert np.array_equal(x, y), name
        assert np.array_equal(same, before), name


def test_broadcast_batch_is_read_in_place(rng):
    a = random(rng, (5, 3), "float64")
    u, s, v = diffsvd.svd(np.broadcast_to(a, (7, 2, 5, 3)))
    one = diffsvd.svd(np.broadcast_to(a, (1, 5, 3)))
    assert np.array_equal(u, np.broadcast_to(one.u, u.shape)) and np.array_equal(s, np.broadcast_to(one.s, s.shape))


def test_lists_and_whole_numbers():
    s = diffsvd.svdvals([[3, 0], [0, 4]])
    assert s.dtype == np.float64 and np.allclose(s, [4, 3])


def test_byte_order(rng):
    a = random(rng, (3, 3), "float64")
    assert np.array_equal(diffsvd.svdvals(a.astype(">f8")), diffsvd.svdvals(a))


def test_errors_say_where():
    a = np.ones((2, 3, 4, 4))
    a[1, 2, 0, 3] = np.nan
    with pytest.raises(ValueError, match=r"item \(1, 2\): entry \(0, 3\) of the matrix is NaN"):
        diffsvd.svd(a)
    with pytest.raises(ValueError, match=r"item 2: entry \(0, 3\) of the matrix is NaN"):
        diffsvd.svdvals(a[1])
    with pytest.raises(ValueError, match=r"^entry \(0, 3\) of the matrix is NaN"):
        diffsvd.svt(a[1, 2], 0.5)
    with pytest.raises(ValueError, match="infinite"):
        diffsvd.svd(np.array([[np.inf, 0.0], [0.0, 1.0]]))
    with pytest.raises(ValueError, match="at least 2 dimensions"):
        diffsvd.svd(np.ones(3))
    with pytest.raises(TypeError, match="float16"):
        diffsvd.svd(np.ones((2, 2), np.float16))
    with pytest.raises(TypeError, match="object"):
        diffsvd.svd(np.array([[None]]))
    with pytest.raises(ValueError, match="exceeds the range"):
        diffsvd.svd(np.full((2, 2), 1.7e308))


def test_derivative_errors(rng):
    a = random(rng, (2, 5, 3), "float64")
    factors = diffsvd.svd(a)
    with pytest.raises(ValueError, match="the cotangent of U is 4×3 but must be 5×3"):
        diffsvd.svd_vjp(factors, (np.ones((2, 4, 3)),))
    with pytest.raises(ValueError, match=r"leading dimensions \[3\] but must have \[2\]"):
        diffsvd.svd_vjp(factors, (np.ones((3, 5, 3)),))
    with pytest.raises(ValueError, match="is not a rule"):
        diffsvd.svd_vjp(factors, (factors.u,), rule=diffsvd.Rule("best"))
    with pytest.raises(TypeError, match="complex128 array beside float64"):
        diffsvd.svd_jvp(factors, a + 0j)
    twice = diffsvd.svd(np.eye(2))
    with pytest.raises(diffsvd.NotDifferentiableError, match="singular values 0 and 1 .* are both 1"):
        diffsvd.svd_vjp(twice, (np.array([[0.0, 1.0], [0.0, 0.0]]),), rule=diffsvd.Rule("plain"))
    with pytest.raises(diffsvd.NotDifferentiableError, match=r"item 1: .*both"):
        diffsvd.low_rank_vjp(np.stack([np.diag([2.0, 1.0]), np.eye(2)]), 1, np.ones((2, 2, 2)))


def cotangents(rng, factors, block):
    u, s, v = factors
    gs = random(rng, s.shape, s.dtype)
    matrix = random(rng, (*s.shape, s.shape[-1]), u.dtype) if block else None
    return diffsvd.Cotangent(random(rng, u.shape, u.dtype), gs, random(rng, v.shape, u.dtype), matrix)


RULES = [diffsvd.Rule(), diffsvd.Rule("minimum_norm"), diffsvd.Rule("published"), diffsvd.Rule("zeroing"),
         diffsvd.Rule("clip", 1e8), diffsvd.Rule("taylor", 9), diffsvd.Rule("lorentzian", 1e-6)]  # fmt: skip


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("spectrum", SPECTRA)
@pytest.mark.parametrize("block", [False, True])
def test_vjp_and_jvp_are_adjoint(rng, spectrum, dtype, block):
    a = np.stack([with_values(rng, (5, 4), SPECTRA[spectrum], dtype) for _ in range(3)])
    da, factors = random(rng, a.shape, dtype), diffsvd.svd(a)
    g = cotangents(rng, factors, block)
    for rule in RULES:
        forward = diffsvd.svd_jvp(factors, da, s_matrix=block, rule=rule)
        pairs = [(x, y) for x, y in zip(g, forward) if x is not None]
        ga, residual = diffsvd.svd_vjp(factors, g, rule=rule)
        left, right = sum(inner(x, y) for x, y in pairs), inner(ga, da)
        scale = sum(np.linalg.norm(x) * np.linalg.norm(y) for x, y in pairs) + np.linalg.norm(ga) * np.linalg.norm(da)
        assert abs(left - right) <= 50 * epsilon(dtype) * scale, rule
        assert residual.shape == (3,)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5), (12, 10)])
def test_gradient_of_an_invariant_loss(rng, shape, dtype):
    """L = Re Σ conj(C) (U f(S) Vᴴ) with f = s²/(1 + s), from gU, gs and gV."""
    a, c, da = (random(rng, shape, dtype) for _ in range(3))
    f, slope = (lambda s: s * s / (1 + s)), (lambda s: s * (2 + s) / (1 + s) ** 2)

    def loss(a):
        u, s, v = diffsvd.svd(a)
        return inner(c, (u * f(s)) @ adjoint(v))

    u, s, v = factors = diffsvd.svd(a)
    gs = slope(s) * np.einsum("ji,jk,ki->i", u.conj(), c, v).real
    gradient = diffsvd.svd_vjp(factors, (c @ v * f(s), gs, adjoint(c) @ u * f(s)))
    assert gradient.gauge_residual <= 1e-12
    assert abs(inner(gradient.a, da) - difference(loss, a, da, 1e-4)) <= 1e-9 * np.linalg.norm(c)


def test_block_cotangent_is_exact_at_equal_values(rng):
    """L = Re Σ conj(C) U f(S) Vᴴ at equal singular values: the gradient is that of the spectral function."""
    a = with_values(rng, (5, 4), SPECTRA["equal"], "complex128")
    c, tau = random(rng, a.shape, "complex128"), 0.3
    u, s, v = factors = diffsvd.svd(a)
    f = np.diag(s - tau)
    g = diffsvd.Cotangent(u=c @ v @ f, v=adjoint(c) @ u @ f, s_matrix=adjoint(u) @ c @ v)
    exact = diffsvd.svt_vjp(a, tau, c).a
    assert np.linalg.norm(diffsvd.svd_vjp(factors, g).a - exact) <= 1e-13 * np.linalg.norm(exact)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5)])
def test_tangent_of_the_gradient(rng, shape, dtype):
    """Of L = Σ tᵢ sᵢ + (gauge-invariant part), by differences of the gradient."""
    a, da = random(rng, shape, dtype), random(rng, shape, dtype)
    gs, ds = (rng.standard_normal(min(shape)) for _ in range(2))
    by_differences = difference(lambda t: diffsvd.svdvals_vjp(a + t * da, gs + t * ds), 0.0, 1.0, 1e-4)
    tangent = diffsvd.svdvals_vjp_tangent(a, gs, da, ds)
    assert np.linalg.norm(tangent - by_differences) <= 1e-8 * np.linalg.norm(tangent)
    assert abs(inner(diffsvd.svdvals_vjp(a, gs), da) - inner(gs, diffsvd.svdvals_jvp(a, da))) <= 1e-12 * 10
