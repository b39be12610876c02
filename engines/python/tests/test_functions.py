"""Functions of the singular values over numpy's arrays: exact at every spectrum."""

from functools import partial

import diffsvd
import numpy as np
import pytest
from conftest import SPECTRA, TYPES, adjoint, difference, epsilon, inner, random, with_values

# Name: value, VJP, JVP, VJP tangent; each of A first.
MAPS = {
    "svt": (
        lambda a: diffsvd.svt(a, 1.0),
        lambda a, g: diffsvd.svt_vjp(a, 1.0, g).a,
        lambda a, d: diffsvd.svt_jvp(a, 1.0, d),
        lambda a, g, d: diffsvd.svt_vjp_tangent(a, 1.0, g, d).a,
    ),
    "pinv": (diffsvd.pinv, diffsvd.pinv_vjp, diffsvd.pinv_jvp, diffsvd.pinv_vjp_tangent),
    "polar": (diffsvd.polar, diffsvd.polar_vjp, diffsvd.polar_jvp, diffsvd.polar_vjp_tangent),
    "low_rank": (
        lambda a: diffsvd.low_rank(a, 3),
        lambda a, g: diffsvd.low_rank_vjp(a, 3, g),
        lambda a, d: diffsvd.low_rank_jvp(a, 3, d),
        lambda a, g, d: diffsvd.low_rank_vjp_tangent(a, 3, g, d),
    ),
}
# What has no derivative where.
ABSENT = {("polar", "zero"), ("low_rank", "all equal")}
# Second derivatives where the step of the differences crosses a large curvature.
STIFF = {"huge ratio", "nearly equal"}


def test_values(rng):
    a = random(rng, (2, 6, 4), "complex128")
    u, s, v = diffsvd.svd(a)
    assert np.allclose(diffsvd.pinv(a), np.linalg.pinv(a))
    assert np.allclose(diffsvd.polar(a), u @ adjoint(v))
    assert np.allclose(diffsvd.svt(a, 1.0), (u * np.maximum(s - 1, 0)[..., None, :]) @ adjoint(v))
    assert np.allclose(diffsvd.low_rank(a, 2), (u[..., :2] * s[..., None, :2]) @ adjoint(v[..., :2]))
    assert np.allclose(diffsvd.nuclear_norm(a), s.sum(-1))


def test_thresholds_one_for_each(rng):
    a, tau = random(rng, (2, 3, 4, 5), "float32"), rng.uniform(0.1, 1.0, (2, 3))
    x = diffsvd.svt(a, tau)
    assert x.dtype == np.float32
    for i, j in np.ndindex(2, 3):
        assert np.allclose(x[i, j], diffsvd.svt(a[i, j], tau[i, j]), rtol=0, atol=1e-5)  # alone, a matrix is rounded differently
    with pytest.raises(ValueError):
        diffsvd.svt(a, np.ones(4))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("spectrum", SPECTRA)
@pytest.mark.parametrize("name", MAPS)
def test_adjoint(rng, name, spectrum, dtype):
    if (name, spectrum) in ABSENT or (spectrum == "nearly equal" and epsilon(dtype) > 1e-9):
        return
    value, vjp, jvp, _ = MAPS[name]
    a = np.stack([with_values(rng, (5, 4), SPECTRA[spectrum], dtype) for _ in range(2)])
    da = random(rng, a.shape, a.dtype)
    g = random(rng, value(a).shape, a.dtype)
    ga, dx = vjp(a, g), jvp(a, da)
    scale = np.linalg.norm(ga) * np.linalg.norm(da) + np.linalg.norm(g) * np.linalg.norm(dx)
    assert abs(inner(ga, da) - inner(g, dx)) <= 50 * epsilon(a.dtype) * scale


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("spectrum", [name for name in SPECTRA if name not in STIFF])
@pytest.mark.parametrize("name", MAPS)
def test_derivatives_by_differences(rng, name, spectrum, dtype):
    """At equal and at zero singular values too; the pseudoinverse where the rank is kept, since nowhere else is it continuous."""
    if (name, spectrum) in ABSENT:
        return
    value, vjp, jvp, tangent = MAPS[name]
    a = with_values(rng, (5, 4), SPECTRA[spectrum], dtype)
    da = random(rng, a.shape, dtype)
    path = lambda t: a + t * da
    if name == "pinv" and spectrum == "zero":
        left, right = random(rng, (5, 5), dtype) / 5, random(rng, (4, 4), dtype) / 4
        path = lambda t: (np.eye(5) + t * left) @ a @ (np.eye(4) + t * right)  # of constant rank
        da = left @ a + a @ right
    along = partial(difference, a=0.0, da=1.0, h=1e-3)
    dx = jvp(a, da)
    assert np.linalg.norm(dx - along(lambda t: value(path(t)))) <= 1e-7 * max(1, np.linalg.norm(dx))
    g = random(rng, value(a).shape, dtype)
    change = tangent(a, g, da)
    by_differences = along(lambda t: vjp(path(t), g))
    assert np.linalg.norm(change - by_differences) <= 1e-6 * max(1, np.linalg.norm(change))


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("spectrum", ["distinct", "equal", "all equal", "zero"])
def test_threshold_gradients(rng, spectrum, dtype):
    a = with_values(rng, (5, 4), SPECTRA[spectrum], dtype)
    da, g, tau, dtau = random(rng, a.shape, dtype), random(rng, a.shape, dtype), 1.0, 0.7
    along = partial(difference, a=0.0, da=1.0, h=1e-4)
    dx = along(lambda t: diffsvd.svt(a + t * da, tau + t * dtau))
    assert np.linalg.norm(diffsvd.svt_jvp(a, tau, da, dtau) - dx) <= 1e-9
    gradient = diffsvd.svt_vjp(a, tau, g)
    assert abs(inner(gradient.a, da) + gradient.tau * dtau - inner(g, dx)) <= 1e-8
    change = diffsvd.svt_vjp_tangent(a, tau, g, da, dtau)
    of = lambda part: along(lambda t: diffsvd.svt_vjp(a + t * da, tau + t * dtau, g)[part])
    assert np.linalg.norm(change.a - of(0)) <= 1e-8 * max(1, np.linalg.norm(change.a))
    assert abs(change.tau - of(1)) <= 1e-8


def test_a_value_that_is_the_threshold_counts_as_below():
    gradient = diffsvd.svt_vjp(np.diag([3.0, 1.0]), 1.0, np.eye(2))
    assert np.array_equal(gradient.a, np.diag([1.0, 0.0])) and gradient.tau == -1.0


@pytest.mark.parametrize("dtype", TYPES)
def test_nuclear_norm(rng, dtype):
    a, da = (random(rng, (3, 4, 4), dtype) for _ in range(2))
    weights = np.arange(1.0, 4.0)
    gradient = diffsvd.nuclear_norm_vjp(a, weights)
    change = diffsvd.nuclear_norm_jvp(a, da)
    assert abs(inner(gradient, da) - np.dot(weights, change)) <= 200 * epsilon(dtype) * np.linalg.norm(da)
    if epsilon(dtype) < 1e-10:
        by_differences = difference(lambda t: diffsvd.nuclear_norm_vjp(a + t * da, weights), 0.0, 1.0, 1e-4)
        tangent = diffsvd.nuclear_norm_vjp_tangent(a, weights, da)
        assert np.linalg.norm(tangent - by_differences) <= 1e-8 * np.linalg.norm(tangent)


def test_nuclear_norm_of_lower_rank(rng):
    a = with_values(rng, (4, 3), [2.0, 1.0, 0.0])
    subgradient = diffsvd.nuclear_norm_vjp(a)
    assert np.allclose(diffsvd.svdvals(subgradient), [1, 1, 0], atol=1e-14)
    with pytest.raises(diffsvd.NotDifferentiableError, match="nuclear norm is not differentiable: singular value 2"):
        diffsvd.nuclear_norm_vjp_tangent(a, 1.0, a)


def test_errors(rng):
    a = with_values(rng, (5, 4), SPECTRA["zero"])
    with pytest.raises(diffsvd.NotDifferentiableError, match="polar factor is not differentiable: singular value 3"):
        diffsvd.polar_vjp(a, a)
    with pytest.raises(ValueError, match="the threshold = -1: it must be finite and not negative"):
        diffsvd.svt(a, -1.0)
    with pytest.raises(ValueError, match="rank = -1"):
        diffsvd.low_rank(a, -1)
    with pytest.raises(TypeError):
        diffsvd.low_rank(a, 1.5)
    with pytest.raises(ValueError, match="rcond = -0.1"):
        diffsvd.pinv(a, -0.1)
    with pytest.raises(ValueError, match="the tangent of A is 4×4 but must be 5×4"):
        diffsvd.polar_jvp(with_values(rng, (5, 4), SPECTRA["distinct"]), np.ones((4, 4)))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 5), (12, 12)])
def test_a_decomposition_in_place_of_the_matrix(rng, shape, dtype):
    """The functions of A take its factors, thin or full, so that nothing is decomposed twice."""
    a, da, gx = (random(rng, shape, dtype) for _ in range(3))
    gz = adjoint(gx)
    gs = rng.standard_normal(diffsvd.svdvals(a).shape).astype(a.real.dtype)
    calls = [
        (diffsvd.svt, (0.5,)), (diffsvd.svt_vjp, (0.5, gx)), (diffsvd.svt_jvp, (0.5, da, 0.1)),
        (diffsvd.svt_vjp_tangent, (0.5, gx, da, 0.1)), (diffsvd.polar, ()), (diffsvd.polar_vjp, (gx,)),
        (diffsvd.polar_jvp, (da,)), (diffsvd.polar_vjp_tangent, (gx, da)), (diffsvd.low_rank, (2,)),
        (diffsvd.low_rank_vjp, (2, gx)), (diffsvd.low_rank_jvp, (2, da)), (diffsvd.low_rank_vjp_tangent, (2, gx, da)),
        (diffsvd.nuclear_norm, ()), (diffsvd.nuclear_norm_vjp, ()), (diffsvd.nuclear_norm_jvp, (da,)),
        (diffsvd.nuclear_norm_vjp_tangent, (1.0, da)), (diffsvd.svdvals_vjp, (gs,)), (diffsvd.svdvals_jvp, (da,)),
        (diffsvd.svdvals_vjp_tangent, (gs, da)), (diffsvd.pinv, ()), (diffsvd.pinv_vjp, (gz,)), (diffsvd.pinv_jvp, (da,)),
        (diffsvd.pinv_vjp_tangent, (gz, da)),
    ]  # fmt: skip
    for full in (False, True):
        factors = diffsvd.svd(a, full=full)
        for f, rest in calls:
            of_factors, of_matrix = f(factors, *rest), f(a, *rest)
            for x, y in zip(*(z if isinstance(z, tuple) else (z,) for z in (of_factors, of_matrix))):
                assert x.dtype == y.dtype and x.shape == y.shape
                assert np.linalg.norm(x - y) <= 1e4 * epsilon(dtype) * (1 + np.linalg.norm(y)), (f.__name__, full)
