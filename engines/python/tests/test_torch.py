"""diffsvd.torch against PyTorch's own checks, its SVD, and the exact derivatives at equal singular values."""

import os
import subprocess
import sys
from functools import partial

import diffsvd
import numpy as np
import pytest
from conftest import SPECTRA, random, with_values

torch = pytest.importorskip("torch", exc_type=ImportError)
dt = pytest.importorskip("diffsvd.torch")

DTYPES = ["float64", "complex128"]
FUNCTIONS = {
    "svdvals": dt.svdvals,
    "svt": lambda x: dt.svt(x, 1.0),
    "pinv": dt.pinv,
    "polar": dt.polar,
    "low_rank": lambda x: dt.low_rank(x, 3),
    "nuclear_norm": dt.nuclear_norm,
}
# What is not differentiable twice at these spectra.
ABSENT = {("polar", "zero"), ("nuclear_norm", "zero"), ("pinv", "zero"), ("low_rank", "all equal"), ("svdvals", "zero"),
          ("svdvals", "equal"), ("svdvals", "all equal")}  # fmt: skip


def tensor(a, grad=True):
    return torch.from_numpy(np.ascontiguousarray(a)).requires_grad_(grad)


def invariant(x, svd=dt.svd):
    """What does not depend on the choice of singular vectors, with weight on U, s and V."""
    u, s, v = svd(x)
    w = torch.linspace(0.5, 1.5, u.shape[-2], dtype=x.real.dtype)
    left = (u * (s * s)[..., None, :].to(u.dtype)) @ u.mH * w
    return (u * torch.log1p(s)[..., None, :].to(u.dtype)) @ v.mH, s, left


def builtin(x):
    u, s, vh = torch.linalg.svd(x, full_matrices=False)
    return u, s, vh.mH


def checks(f, x):
    """Reverse and forward mode, and second order by reverse over reverse and forward over reverse."""
    assert torch.autograd.gradcheck(f, x, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(f, x, check_fwd_over_rev=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("spectrum", ["distinct", "equal", "all equal", "zero"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(rng, name, spectrum, dtype):
    if (name, spectrum) in ABSENT:
        return
    checks(FUNCTIONS[name], tensor(with_values(rng, (5, 4), SPECTRA[spectrum], dtype)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 3, 4)])
def test_svd(rng, shape, dtype):
    checks(invariant, tensor(random(rng, shape, dtype)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_threshold(rng, dtype):
    x, tau = tensor(random(rng, (2, 4, 3), dtype)), tensor(np.array([0.3, 0.6]))
    checks(dt.svt, (x, tau))
    one = torch.tensor(0.3, requires_grad=True)
    dt.svt(x, one).abs().sum().backward()
    assert one.grad.shape == ()


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_same_as_torch_at_distinct_values(rng, dtype):
    x = random(rng, (3, 6, 4), dtype)
    gradients = []
    for svd in (dt.svd, builtin):
        y = tensor(x)
        parts = invariant(y, svd)
        sum((part * part.conj()).real.sum() for part in parts).backward()
        gradients.append(y.grad)
    ours, theirs = gradients
    assert ours.dtype == y.dtype
    assert torch.dist(ours, theirs) <= 1e4 * torch.finfo(ours.dtype).eps * torch.linalg.norm(theirs)


def exact_example(y):
    """L = Σ of U (S + 0.1) Vᴴ at [[2, 4], [−4, 2]]: the gradient of Zhang & Hu's example, by hand."""
    return torch.tensor([[1.0179, 0.9911], [1.0089, 1.0179]], dtype=y.dtype)


def test_published_interface():
    x = torch.tensor([[2.0, 4.0], [-4.0, 2.0]], dtype=torch.float64, requires_grad=True)
    for call in (dt.svd_inv, dt.svd_inv.apply):
        u, s, v = call(x)
        assert s.shape == (2, 2) and torch.equal(s, s.diagonal().diag_embed())
        (gradient,) = torch.autograd.grad((u @ (s + 0.1 * torch.eye(2)) @ v.mH).sum(), x, retain_graph=True)
        assert torch.allclose(gradient, exact_example(gradient), atol=5e-5)
        # As in the paper's script, which takes the diagonal apart: the error is at most f/s − f′ = 0.1/√20 of the gradient.
        (gradient,) = torch.autograd.grad((u @ (s.diagonal() + 0.1).diag_embed() @ v.mH).sum(), x)
        assert torch.allclose(gradient, exact_example(gradient), atol=2 * 0.1 / 20**0.5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("spectrum", ["distinct", "equal", "all equal", "nearly equal"])
def test_svd_inv_is_exact(rng, spectrum, dtype):
    a, c = with_values(rng, (5, 4), SPECTRA[spectrum], dtype), random(rng, (5, 4), dtype)
    x = tensor(a)
    u, s, v = dt.svd_inv(x, complex_s=True)
    y = u @ (s @ s + 0.1 * torch.eye(4, dtype=s.dtype)) @ v.mH
    (y * tensor(c, False).conj()).real.sum().backward()
    # Of f = s² + 0.1, by differences: U f(S) Vᴴ = (A Aᴴ)½ A + 0.1 polar(A).
    da, h = random(rng, a.shape, dtype), 1e-4

    def value(t):
        p, d, q = np.linalg.svd(a + t * da, full_matrices=False)
        return np.sum((c.conj() * ((p * (d * d + 0.1)) @ q)).real)

    change = (8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h)
    bound = 1e-8 if spectrum != "nearly equal" else 1e-5
    assert abs(np.sum((x.grad.numpy().conj() * da).real) - change) <= bound * 100


def test_svd_inv_of_complex_matrices(rng):
    x = tensor(random(rng, (3, 3), "complex128"))
    u, s, v = dt.svd_inv(x)
    assert not s.is_complex() and s.shape == (3, 3)
    checks(lambda x: (lambda u, s, v: u @ s.to(u.dtype) @ s.to(u.dtype) @ v.mH)(*dt.svd_inv(x)), x)
    checks(lambda x: (lambda u, s, v: u @ s @ s @ v.mH)(*dt.svd_inv(x, complex_s=True)), x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_transforms(rng, dtype):
    x = tensor(random(rng, (5, 4, 3), dtype), False)
    one = torch.stack([dt.svt(y, 0.5) for y in x])
    assert torch.allclose(torch.func.vmap(lambda y: dt.svt(y, 0.5))(x), one)
    assert torch.equal(torch.func.vmap(dt.svt, in_dims=(0, None))(x, torch.tensor(0.5)), dt.svt(x, 0.5))
    loss = lambda y: (dt.svt(y, 0.5).abs() ** 2).sum()
    each = torch.stack([torch.func.grad(loss)(y) for y in x])
    assert torch.allclose(torch.func.vmap(torch.func.grad(loss))(x), each)
    for f in (lambda y: sum((part.abs() ** 2).sum() for part in invariant(y)), loss):
        if dtype == "float64":
            forward_over_reverse = torch.func.hessian(f)(x[0])
            reverse_over_reverse = torch.func.jacrev(torch.func.jacrev(f))(x[0])
            assert torch.allclose(forward_over_reverse, reverse_over_reverse)
            assert torch.allclose(forward_over_reverse, torch.autograd.functional.hessian(f, x[0]))


def test_reverse_over_forward(rng):
    x, d = (tensor(random(rng, (4, 3), "float64"), False) for _ in range(2))
    for f in (lambda y: sum((part**2).sum() for part in invariant(y)), lambda y: (dt.polar(y) ** 3).sum()):
        along = lambda y: torch.func.jvp(f, (y,), (d,))[1]
        expected = torch.autograd.functional.vhp(f, x, d)[1]  # the Hessian is symmetric
        assert torch.allclose(torch.func.grad(along)(x), expected)


def test_hessian_at_equal_values():
    """Of L = ½‖svt(X, τ)‖² at 2·identity, in closed form: H[D] = the tangent of (1 − τ/s) X."""
    x, tau = 2 * torch.eye(2, dtype=torch.float64), 0.5
    loss = lambda y: 0.5 * (dt.svt(y, tau) ** 2).sum()
    hessian = torch.func.hessian(loss)(x).reshape(4, 4)
    # The gradient is svt(X, τ); at 2·1 its tangent is D sym + (1 − τ/2) D skew.
    sym = lambda d: (d + d.T) / 2
    columns = [(sym(d) + (1 - tau / 2) * (d - sym(d))).reshape(4) for d in torch.eye(4, dtype=torch.float64).reshape(4, 2, 2)]
    assert torch.allclose(hessian, torch.stack(columns), atol=1e-14)


def test_strides_views_and_conjugates(rng):
    a = random(rng, (3, 6, 4), "complex128")
    expected = torch.from_numpy(diffsvd.svt(a, 0.5))
    x = torch.from_numpy(a)
    assert torch.equal(dt.svt(torch.from_numpy(a.conj().copy()).conj(), 0.5), expected)
    assert torch.allclose(dt.svt(x.mH, 0.5).mH, expected)
    assert torch.equal(dt.svdvals(x.mT.contiguous().mT), torch.from_numpy(diffsvd.svdvals(a)))
    assert torch.allclose(dt.svdvals(x.expand(2, 3, 6, 4)), torch.from_numpy(diffsvd.svdvals(a)))
    assert torch.allclose(dt.svdvals(torch.imag(x)), torch.linalg.svdvals(torch.imag(x)))


def test_memory_of_tensors(rng):
    """Offsets, parameters, lazily negated, unaligned and empty tensors; what comes out is a tensor like any other."""
    a = random(rng, (4, 3), "float64")
    x = tensor(a, False)
    expected = torch.from_numpy(diffsvd.svdvals(a))
    inside = torch.zeros(7, 9, dtype=x.dtype)
    inside[2:6, 3:6] = x
    assert torch.equal(dt.svdvals(inside[2:6, 3:6]), expected)
    # With a node, which keeps U and V: another algorithm than that of the values alone.
    assert torch.equal(dt.svdvals(torch.nn.Parameter(x)), dt.svd(x).s)
    lazily = torch.imag(torch.complex(torch.zeros_like(x), x).conj())
    assert lazily.is_neg() and torch.equal(dt.svd(lazily).s, dt.svd(-x).s)
    raw = torch.zeros(8 * x.numel() + 1, dtype=torch.uint8)
    unaligned = torch.frombuffer(memoryview(raw.numpy())[1:], dtype=x.dtype).view(4, 3).copy_(x)
    assert unaligned.data_ptr() % 8 and torch.equal(dt.svdvals(unaligned), expected)
    for shape in ((0, 3), (3, 0), (0, 2, 3), (2, 0, 3)):
        u, s, v = dt.svd(torch.zeros(shape, dtype=x.dtype, requires_grad=True))
        assert (u.shape, v.shape) == ((*shape[:-1], s.shape[-1]), (*shape[:-2], shape[-1], s.shape[-1]))
    u = dt.svd(x).u
    assert u.is_contiguous() and not u.requires_grad and u.mul_(2).add(1).clone().shape == (4, 3)
    kept = u.view(-1)[1:]
    del u  # what it shares stays
    assert torch.equal(kept, 2 * dt.svd(x).u.reshape(-1)[1:])


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (9, 4), (4, 9), (33, 33), (50, 70)])
def test_one_matrix_as_in_a_batch(rng, shape, dtype):
    """A small matrix has a node of its own and its way in the core, beside a batch of the same."""
    x, y = (tensor(random(rng, (1, *shape), dtype), False) for _ in range(2))
    gradients = []
    for matrix, weight in ((x[0], y[0]), (x, y)):
        matrix.requires_grad_()
        product, s, left = invariant(matrix)
        loss = (product * weight.conj()).real.sum() + (s**2).sum() + left.real.sum()
        (gradient,) = torch.autograd.grad(loss, matrix, create_graph=True)
        (second,) = torch.autograd.grad((gradient * weight.conj()).real.sum(), matrix)
        gradients.append((gradient.detach().reshape(shape), second.reshape(shape)))
    for alone, within in zip(*gradients):
        assert torch.dist(alone, within) <= 1e5 * torch.finfo(alone.dtype).eps * (1 + torch.linalg.norm(within))


def test_the_node_keeps_its_factors(rng):
    """What becomes of U, s and V does not touch the gradient; a part of the loss may be missing; the graph serves twice."""
    a = random(rng, (4, 3), "complex128")
    x = tensor(a)
    u, s, v = dt.svd(x)
    ones = torch.ones_like(s)
    expected = torch.from_numpy(diffsvd.svdvals_vjp(a, np.ones(3)))
    with torch.no_grad():
        u.zero_(), s.zero_()
    for _ in range(2):
        assert torch.allclose(torch.autograd.grad(s, x, ones, retain_graph=True)[0], expected)
    many = torch.func.vmap(lambda g: torch.autograd.grad(s, x, g, retain_graph=True)[0])(torch.eye(3, dtype=s.dtype))
    assert torch.allclose(many.sum(0), expected)
    rule = diffsvd.Rule("zeroing")
    eye = torch.eye(3, dtype=torch.float64, requires_grad=True)
    u, s, v = dt.svd(eye, rule=rule)
    cotangent = torch.arange(9.0, dtype=torch.float64).reshape(3, 3)
    factors = [part.detach().numpy() for part in (u, s, v)]
    (gradient,) = torch.autograd.grad(u, eye, cotangent)
    assert torch.equal(gradient, torch.from_numpy(diffsvd.svd_vjp(factors, (cotangent.numpy(),), rule=rule).a))


def test_what_a_transform_left_behind(rng):
    left = []

    def f(y):
        left.append(2 * y)
        return left[-1].sum()

    x = tensor(random(rng, (3, 3), "float64"), False)
    torch.func.grad(f)(x)
    assert torch.equal(dt.svd(left[0]).s, dt.svd(2 * x).s)
    assert torch.equal(dt.svt(left[0], 0.5), dt.svt(2 * x, 0.5))


def test_through_numpy():
    """PyTorch before 2.10 has no exchange of tensors in C: the same results by numpy's arrays."""
    code = """
import torch
del torch.Tensor.__dlpack_c_exchange_api__
import diffsvd.torch as dt, diffsvd._torch_call
assert not diffsvd._torch_call.reads_tensors
t = torch.arange(12, dtype=torch.float64).reshape(2, 3, 2)
x = torch.complex(t.sin(), (2 * t).cos()).conj().requires_grad_()
u, s, v = dt.svd(x)
g = torch.autograd.grad((u.abs() ** 4).sum() + (s**2).sum() + dt.svt(x, 0.5).abs().sum(), x)[0]
"""
    check = """
assert torch.autograd.gradcheck(lambda x: dt.svd(x).s, x) and torch.autograd.gradgradcheck(lambda x: dt.svt(x, 0.1), x)
for wrong in (torch.eye(2, dtype=torch.bfloat16), torch.eye(2, dtype=torch.float16), torch.eye(2, device="meta")):
    try:
        dt.svd(wrong)
    except (TypeError, ValueError) as error:
        print(error)
print(g.tolist())
"""
    run = partial(subprocess.run, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONWARNINGS": "ignore"})
    through_numpy = run([sys.executable, "-c", code + check]).stdout.splitlines()
    directly = [line for line in code.splitlines() if not line.startswith(("del", "assert"))]
    assert "bfloat16" in through_numpy[0] and "float16" in through_numpy[1] and ".cpu()" in through_numpy[2]
    assert through_numpy[3] == run([sys.executable, "-c", "\n".join([*directly, "print(g.tolist())"])]).stdout.strip()


def test_a_training_loop():
    """Matrix completion by proximal steps through svt, started where all singular values are equal."""
    torch.manual_seed(0)
    target = torch.randn(8, 2, dtype=torch.float64) @ torch.randn(2, 8, dtype=torch.float64)
    x = torch.eye(8, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([x], lr=0.1)
    losses = []
    for _ in range(200):
        optimizer.zero_grad()
        loss = ((dt.svt(x, 0.1) - target) ** 2).mean()
        loss.backward()
        assert torch.isfinite(x.grad).all()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 1e-2 * losses[0]


def test_errors():
    x = torch.eye(2, dtype=torch.float64, requires_grad=True)
    with pytest.raises(diffsvd.NotDifferentiableError, match="both 1"):
        dt.low_rank(x, 1).sum().backward()
    with pytest.raises(ValueError, match=r"entry \(0, 0\) of the matrix is NaN"):
        dt.svd(torch.full((2, 2), float("nan")))
    with pytest.raises(TypeError, match="float16"):
        dt.svd(torch.eye(2, dtype=torch.float16))
    with pytest.raises(ValueError, match="move it with .cpu"):
        dt.svd(torch.eye(2, device="meta"))
    with pytest.raises(NotImplementedError, match="third derivatives"):
        gradient = partial(torch.autograd.grad, create_graph=True)
        y = torch.diag(torch.tensor([3.0, 1.0], dtype=torch.float64)).requires_grad_()
        first = gradient((dt.svt(y, 0.5) ** 2).sum(), y)[0]
        second = gradient((first**2).sum(), y)[0]
        gradient((second**2).sum(), y)
    assert dt.svdvals(torch.tensor([[3, 0], [0, 4]])).tolist() == [4, 3]
