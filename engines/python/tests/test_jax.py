"""diffsvd.jax under every transform, against jnp.linalg.svd where that is right and against closed forms where it is not."""

from functools import lru_cache, partial

import diffsvd
import numpy as np
import pytest
from conftest import SPECTRA, TYPES, difference, epsilon, random, with_values

jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp  # noqa: E402

import diffsvd.jax as dj  # noqa: E402

DTYPES = ["float64", "complex128"]
FUNCTIONS = {
    "svdvals": dj.svdvals,
    "svt": lambda x: dj.svt(x, 1.0),
    "pinv": dj.pinv,
    "polar": dj.polar,
    "low_rank": lambda x: dj.low_rank(x, 3),
    "nuclear_norm": dj.nuclear_norm,
}
# What is not differentiable twice at these spectra.
ABSENT = {("polar", "zero"), ("nuclear_norm", "zero"), ("pinv", "zero"), ("low_rank", "all equal"), ("svdvals", "zero"),
          ("svdvals", "equal"), ("svdvals", "all equal")}  # fmt: skip


def adjoint(x):
    return jnp.conj(jnp.swapaxes(x, -1, -2))


def builtin(x):
    u, s, vh = jnp.linalg.svd(x, full_matrices=False)
    return u, s, adjoint(vh)


def invariant(x, svd=dj.svd):
    """A real loss that does not depend on the choice of singular vectors, with weight on U, s and V."""
    u, s, v = svd(x)
    left = jnp.abs((u * (s * s)[..., None, :]) @ adjoint(u)) ** 2
    middle = jnp.real((u * jnp.log1p(s)[..., None, :]) @ adjoint(v)) ** 3
    return jnp.sum(left * jnp.linspace(0.5, 1.5, left.shape[-1])) + jnp.sum(middle) + jnp.sum(jnp.sin(s))


def pairing(g, d):
    """Re Σ g d: what JAX pairs a cotangent and a tangent by."""
    return jnp.sum(jnp.real(g * d))


# One compilation serves all tests of a function, type and shape.
@lru_cache(maxsize=None)
def compiled(f):
    """L = ½ Σ |fᵢ|² + Σ wᵢ Re fᵢ of x, its gradient, and what both change by along d in every mode."""

    def loss(x):
        y = f(x)
        weights = jnp.cos(jnp.arange(y.size)).reshape(y.shape)
        return jnp.sum(jnp.abs(y) ** 2) / 2 + jnp.sum(weights * jnp.real(y))

    gradient = jax.grad(loss)

    def along(x, d):
        forward = jax.jvp(loss, (x,), (d,))[1]
        forward_over_reverse = jax.jvp(gradient, (x,), (d,))[1]
        reverse_over_reverse = jax.grad(lambda x: pairing(gradient(x), d))(x)
        reverse_over_forward = jax.grad(lambda x: jax.jvp(loss, (x,), (d,))[1])(x)
        return forward, forward_over_reverse, reverse_over_reverse, reverse_over_forward

    return jax.jit(jax.value_and_grad(loss)), jax.jit(along)


def check(f, a, d, h=1e-4):
    """First and second order in every mode, by differences."""
    value_and_gradient, along = compiled(f)
    value, gradient = value_and_gradient(a)
    forward, *second = along(a, d)
    by_differences = [difference(lambda t: value_and_gradient(a + t * d)[part], 0.0, 1.0, h) for part in (0, 1)]
    scale = 1 + np.linalg.norm(gradient)
    assert np.isfinite(value) and gradient.dtype == a.dtype
    assert abs(forward - by_differences[0]) <= 1e-8 * scale
    assert abs(pairing(gradient, d) - forward) <= 1e-12 * scale
    for change in second:
        assert np.linalg.norm(change - by_differences[1]) <= 1e-7 * (1 + np.linalg.norm(change))


# Each case is a compilation: not every type with every shape.
@pytest.mark.parametrize(
    ("shape", "dtype"),
    [*(((5, 3), dtype) for dtype in TYPES), ((3, 3), "float64"), ((2, 12), "complex64"), ((40, 40), "complex128")],
)
def test_values(rng, shape, dtype):
    a = random(rng, (2, 3, *shape), dtype)
    u, s, v, values, x, inverse = jax.jit(lambda a: (*dj.svd(a), dj.svdvals(a), dj.svt(a, 0.5), dj.pinv(a)))(a)
    for ours, native in zip((u, s, v), diffsvd.svd(a)):
        assert ours.dtype == native.dtype and np.array_equal(ours, native)
    assert np.array_equal(values, diffsvd.svdvals(a))
    assert np.array_equal(x, diffsvd.svt(a, 0.5)) and np.array_equal(inverse, diffsvd.pinv(a))


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [*(((5, 3), dtype) for dtype in TYPES), ((3, 3), "complex128"), ((2, 2, 4), "complex128")],
)
def test_gradient_as_that_of_jax_at_distinct_values(rng, shape, dtype):
    """Complex ones by JAX's convention, tall and wide ones too."""
    a, da = random(rng, shape, dtype), random(rng, shape, dtype)

    @jax.jit
    def both(a, da):
        losses = [lambda x, svd=svd: invariant(x, svd) for svd in (dj.svd, builtin)]
        return [jax.grad(loss)(a) for loss in losses], [jax.jvp(loss, (a,), (da,))[1] for loss in losses]

    (ours, theirs), (forward, their_forward) = both(a, da)
    assert ours.dtype == a.dtype
    assert np.linalg.norm(ours - theirs) <= 1e4 * epsilon(dtype) * np.linalg.norm(theirs)
    assert abs(forward - their_forward) <= 1e5 * epsilon(dtype) * abs(their_forward)


@pytest.mark.parametrize(("shape", "dtype"), [((3, 3), "float64"), ((4, 2), "complex128"), ((2, 4), "complex128")])
def test_second_order_of_svd(rng, shape, dtype):
    check(invariant, random(rng, shape, dtype), random(rng, shape, dtype), 1e-3)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("spectrum", ["distinct", "equal", "all equal", "zero"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(rng, name, spectrum, dtype):
    if (name, spectrum) in ABSENT:
        return
    check(FUNCTIONS[name], with_values(rng, (5, 4), SPECTRA[spectrum], dtype), random(rng, (5, 4), dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_threshold(rng, dtype):
    """By A and τ at once: τ is the first entry of a matrix's neighbour in the batch."""
    f = lambda x: dj.svt(x[:2], 0.3 + 0.1 * jnp.real(x[2, :2, 0]))
    check(f, random(rng, (3, 4, 3), dtype), random(rng, (3, 4, 3), dtype))
    g = jax.grad(lambda tau: jnp.sum(jnp.abs(dj.svt(random(rng, (2, 4, 3), dtype), tau)) ** 2))(0.3)
    assert g.shape == () and g < 0


def test_third_derivatives_of_svd(rng):
    """Of U, s and V any order exists, since from the second on it is jnp."""
    a, d = random(rng, (3, 3), "float64"), random(rng, (3, 3), "float64")

    def along(svd):
        f = lambda t: invariant(a + t * d, svd)
        return jax.jit(jax.grad(jax.grad(jax.grad(f))))(0.0)

    assert np.allclose(along(dj.svd), along(builtin), rtol=1e-7)


def test_hessian_at_equal_values():
    """Of L = ½‖svt(X, τ)‖² at 2·identity, in closed form: the gradient is svt(X, τ), its tangent D sym + (1 − τ/2) D skew."""
    tau, x = 0.5, 2 * np.eye(2)
    hessian = jax.jit(jax.hessian(lambda x: 0.5 * jnp.sum(dj.svt(x, tau) ** 2)))(x).reshape(4, 4)
    sym = lambda d: (d + d.T) / 2
    expected = np.stack([(sym(d) + (1 - tau / 2) * (d - sym(d))).ravel() for d in np.eye(4).reshape(4, 2, 2)])
    assert np.abs(hessian - expected).max() <= 1e-14


@pytest.mark.parametrize("spectrum", ["equal", "all equal", "nearly equal", "zero"])
def test_hessian_of_a_known_loss_at_equal_values(rng, spectrum):
    """L = ½‖low_rank(X, 4)‖² of a 5×4 matrix is ½‖X‖², whose Hessian is the identity, at any spectrum."""
    a = with_values(rng, (5, 4), SPECTRA[spectrum])
    hessian = jax.jit(jax.hessian(lambda x: 0.5 * jnp.sum(dj.low_rank(x, 4) ** 2)))(a).reshape(20, 20)
    assert np.abs(hessian - np.eye(20)).max() <= 1e-12
    gradient = jax.grad(lambda x: 0.5 * jnp.sum(dj.svdvals(x) ** 2))(a)
    assert np.abs(gradient - a).max() <= 1e-13


@pytest.mark.parametrize("name", ["svdvals", "svt", "pinv"])
def test_vmap_and_jit(rng, name):
    f, a = FUNCTIONS[name], random(rng, (3, 2, 5, 4), "complex128")
    loss = lambda x: jnp.sum(jnp.abs(f(x)) ** 2)
    of_each = jax.jit(lambda a: (jax.vmap(jax.vmap(f))(a), f(a), jax.vmap(jax.vmap(jax.grad(loss)))(a), jax.grad(loss)(a)))
    mapped, batched, gradients, gradient = of_each(a)
    assert np.array_equal(mapped, batched) and np.allclose(gradients, gradient)
    last = jax.jit(jax.vmap(f, in_axes=-1))(jnp.moveaxis(a[:, 0], 0, -1))
    assert np.array_equal(last, f(a[:, 0]))
    real = a.real[0]
    hessians, hessian = jax.jit(lambda x: (jax.vmap(jax.hessian(loss))(x), jax.hessian(loss)(x[1])))(real)
    assert np.allclose(hessians[1], hessian) and np.abs(hessian).max() > 0.1


def test_vmap_over_thresholds(rng):
    a = random(rng, (5, 4), "float64")
    mapped = jax.vmap(dj.svt, in_axes=(None, 0))(a, np.array([0.1, 0.2]))
    assert np.array_equal(mapped[1], dj.svt(a, 0.2))


def test_linearize_checkpoint_and_scan(rng):
    a = random(rng, (4, 3), "float64")
    f = jax.jit(lambda x: jnp.sum(dj.svt(x, 0.2) ** 2))
    value, forward = jax.linearize(f, a)
    assert np.allclose(forward(a), jnp.vdot(jax.grad(f)(a), a)) and value == f(a)
    assert np.allclose(jax.grad(jax.checkpoint(f))(a), jax.grad(f)(a))

    def iterate(x, _):
        return dj.svt(x, 0.01) + 0.1 * a, None

    unrolled = jax.jit(lambda x: jnp.sum(jax.lax.scan(iterate, x, None, length=5)[0] ** 2))
    by_differences = difference(unrolled, a, a, 1e-3)
    assert abs(jnp.vdot(jax.jit(jax.grad(unrolled))(a), a) - by_differences) <= 1e-7 * abs(by_differences)


@pytest.mark.parametrize("rule", ["reconstruct", "minimum_norm", "zeroing", "published", "plain"])
def test_rules(rng, rule):
    a = random(rng, (4, 3), "float64")
    loss = lambda x: invariant(x, lambda x: dj.svd(x, rule=diffsvd.Rule(rule)))
    assert np.allclose(jax.jit(jax.grad(loss))(a), jax.jit(jax.grad(invariant))(a))
    if rule in ("published", "plain"):
        with pytest.raises(NotImplementedError, match="beyond the first"):
            jax.hessian(loss)(a)
    else:
        assert np.allclose(jax.jit(jax.hessian(loss))(a), jax.jit(jax.hessian(invariant))(a))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("spectrum", ["distinct", "equal", "all equal", "zero"])
@pytest.mark.parametrize("rule", ["reconstruct", "minimum_norm", "zeroing"])
def test_reference_is_the_native_rule(rng, spectrum, dtype, rule):
    """The rule in jnp, which higher derivatives are made of, against the core's."""
    from diffsvd import _jax_reference as reference

    rule = diffsvd.Rule(rule)
    a = with_values(rng, (5, 4), SPECTRA[spectrum], dtype)
    factors, da = diffsvd.svd(a), random(rng, (5, 4), dtype)
    forward = jax.jit(partial(reference.svd_jvp, rule=rule))(*factors, da)
    for ours, native in zip(forward, diffsvd.svd_jvp(factors, da, rule=rule)):
        assert np.abs(ours - native).max() <= 1e-12 * max(1, np.abs(native).max())
    g = [random(rng, x.shape, x.dtype) for x in factors]
    (ours,) = jax.jit(partial(reference.svd_vjp, given="usv", rule=rule))(*factors, *map(np.conj, g))
    native = np.conj(diffsvd.svd_vjp(factors, g, rule=rule).a)  # JAX's cotangents are the conjugates
    assert np.abs(ours - native).max() <= 1e-12 * np.abs(native).max()


def test_errors(rng):
    with pytest.raises(Exception, match=r"item 1: entry \(0, 1\) of the matrix is NaN"):
        jax.jit(dj.svdvals)(np.array([[[1.0, 0.0], [0.0, 1.0]], [[1.0, np.nan], [0.0, 1.0]]])).block_until_ready()
    with pytest.raises(Exception, match="singular values 0 and 1 .* are both 1"):
        jax.grad(lambda x: jnp.sum(dj.low_rank(x, 1)))(np.eye(2)).block_until_ready()
    with pytest.raises(TypeError, match="float16"):
        dj.svd(np.ones((2, 2), np.float16))
    with pytest.raises(ValueError, match="at least 2 dimensions"):
        dj.svd(np.ones(3))
    with pytest.raises(NotImplementedError, match="third derivatives"):
        jax.grad(jax.grad(jax.grad(lambda t: jnp.sum(dj.svt(t * np.diag([3.0, 1.0]), 0.5) ** 2))))(1.0)
    assert dj.svdvals(np.array([[3, 0], [0, 4]])).tolist() == [4, 3]
    assert dj.svd(np.zeros((0, 3, 2))).u.shape == (0, 3, 2)
