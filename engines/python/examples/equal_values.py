"""What each engine's own SVD makes of a gradient at equal singular values, beside diffsvd: the table of the README.

    python examples/equal_values.py

Four losses of X = U f(S) Vᴴ at A = [[2, 4], [−4, 2]], both of whose singular values are √20, and at the identity of order 3; the
reference is a central difference of X itself, which has a derivative there.
"""

import importlib.util

import numpy as np

MATRICES = {"[[2, 4], [−4, 2]]": np.array([[2.0, 4.0], [-4.0, 2.0]]), "identity, 3×3": np.eye(3)}
WEIGHTS = np.arange(1.0, 10.0)

# Name: f, its derivative, the function of diffsvd.
LOSSES = {
    "thresholding, τ = 0.5": (lambda s: s - 0.5, "svt", (0.5,)),
    "pseudoinverse": (lambda s: 1 / s, "pinv", ()),
    "polar factor": (lambda s: 0 * s + 1, "polar", ()),
    "nuclear norm": (None, "nuclear_norm", ()),
}


def weighted(x, numpy):
    return (x * numpy.asarray(WEIGHTS[: x.shape[-1] * x.shape[-2]].reshape(x.shape))).sum()


def reference(a, f, h=1e-3):
    """By differences of fourth order."""

    def loss(a):
        u, s, vh = np.linalg.svd(a)
        return s.sum() if f is None else weighted((u * f(s)) @ vh, np)

    gradient = np.zeros_like(a)
    for index in np.ndindex(*a.shape):
        d = np.zeros_like(a)
        d[index] = h
        gradient[index] = (8 * (loss(a + d) - loss(a - d)) - (loss(a + 2 * d) - loss(a - 2 * d))) / (12 * h)
    return gradient


def with_torch(a, f, name, args):
    """Gradients by torch.linalg.svd and by diffsvd.torch."""
    import torch

    import diffsvd.torch

    def gradient(loss):
        x = torch.from_numpy(a.copy()).requires_grad_()
        loss(x).backward()
        return x.grad.numpy()

    def theirs(x):
        u, s, vh = torch.linalg.svd(x, full_matrices=False)
        return s.sum() if f is None else weighted((u * f(s)) @ vh, torch)

    def ours(x):
        value = getattr(diffsvd.torch, name)(x, *args)
        value = value.mT if name == "pinv" else value
        return value if f is None else weighted(value, torch)

    return gradient(theirs), gradient(ours)


def with_jax(a, f, name, args):
    """Gradients by jnp.linalg.svd and by diffsvd.jax."""
    import jax
    import jax.numpy as jnp

    import diffsvd.jax

    jax.config.update("jax_enable_x64", True)

    def theirs(x):
        u, s, vh = jnp.linalg.svd(x, full_matrices=False)
        return s.sum() if f is None else weighted((u * f(s)) @ vh, jnp)

    def ours(x):
        value = getattr(diffsvd.jax, name)(x, *args)
        value = value.T if name == "pinv" else value
        return value if f is None else weighted(value, jnp)

    return tuple(np.asarray(jax.grad(loss)(a)) for loss in (theirs, ours))


def described(gradient, expected):
    if not np.isfinite(gradient).all():
        return "NaN" if np.isnan(gradient).any() else "infinite"
    error = np.linalg.norm(gradient - expected) / np.linalg.norm(expected)
    return "exact" if error < 1e-9 else f"wrong by {error:.0%}" if error < 10 else f"wrong by a factor of {error:.0e}"


def main():
    engines = [(name, f) for name, f in (("torch", with_torch), ("jax", with_jax)) if importlib.util.find_spec(name)]
    titles = {"torch": ("`torch.linalg.svd`", "`diffsvd.torch`"), "jax": ("`jnp.linalg.svd`", "`diffsvd.jax`")}
    columns = [title for name, _ in engines for title in titles[name]]
    print(f"| gradient of | at | {' | '.join(columns)} |\n|---|---|{'---|' * len(columns)}")
    for loss, (f, name, args) in LOSSES.items():
        for matrix, a in MATRICES.items():
            expected = reference(a, f)
            cells = [described(g, expected) for _, engine in engines for g in engine(a, f, name, args)]
            print(f"| {loss} | {matrix} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
