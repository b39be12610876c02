"""Forward + backward of U, s and V: diffsvd beside torch.linalg.svd and jnp.linalg.svd, in one run, on one core.

    python benchmarks/against_engines.py [--seconds 1.0] [--only TEXT] [--single] [--cold | --loop] [--csv FILE]

Each engine is measured with its own way of calling: PyTorch eagerly, JAX in one jitted function. The cotangents are those of
L = Re Σ conj(C) U f(S) Vᴴ, which PyTorch demands not to depend on phases; they are made beforehand from each engine's own U and V,
so that only the decomposition and its derivative are timed. The gradients are compared before anything is timed. The
candidates take turns, in each of which one is called again and again for a millisecond, or once where that takes longer (with
`--cold` once in any case, behind the three others: what one call costs a program that does much else). A row has the median time of
each. With `--loop` JAX alone, one jitted `fori_loop` of a hundred matrices, each from the gradient before: what is left of a small matrix
when a program of JAX is not entered anew for each. Prints a table; writes CSV.
"""

import argparse
import csv
import importlib.util
import os
import statistics
import time
from functools import partial

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # before any library starts its threads
os.environ["RAYON_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402

TOLERANCE = 1e-8
STEPS = 100
PAIRS = [("diffsvd.torch", "torch.linalg.svd"), ("diffsvd.jax", "jnp.linalg.svd")]

CASES = [
    *[(count, n, dtype) for dtype in ("float64", "complex128") for count, n in ((10_000, 3), (10_000, 4), (2_000, 8), (520, 32))],
    *[(0, n, dtype) for dtype in ("float64", "complex128") for n in (3, 4, 8, 16, 32, 64, 128, 256)],
]


def adjoint(x):
    return np.conj(np.swapaxes(x, -1, -2))


def cotangents(c, u, s, v):
    """Those of L = Re Σ conj(C) U f(S) Vᴴ, f = s²."""
    f = (s * s)[..., None, :]
    gs = 2 * s * np.einsum("...ji,...jk,...ki->...i", u.conj(), c, v).real
    return c @ v * f, gs, adjoint(c) @ u * f


class Torch:
    """One candidate: `prepare` returns a function that does forward and backward once and returns the gradient."""

    def __init__(self, name):
        import torch

        torch.set_num_threads(1)
        self.torch, self.name = torch, name
        if name == "diffsvd.torch":
            import diffsvd.torch

            self.svd = diffsvd.torch.svd
        else:
            self.svd = partial(torch.linalg.svd, full_matrices=False)

    def prepare(self, a, c):
        x = self.torch.from_numpy(a).requires_grad_()
        u, s, v = (part.detach().numpy() for part in self.svd(x))
        ours = self.name == "diffsvd.torch"
        gu, gs, gv = cotangents(c, u, s, v if ours else adjoint(v))
        g = [self.torch.from_numpy(np.ascontiguousarray(part)) for part in (gu, gs, gv if ours else adjoint(gv))]
        grad, svd = self.torch.autograd.grad, self.svd

        def once():
            return grad(tuple(svd(x)), x, g)[0]

        return once, lambda gradient: gradient.numpy()


class Jax:
    def __init__(self, name, steps=1):
        import jax

        jax.config.update("jax_enable_x64", True)
        self.jax, self.name, self.steps = jax, name, steps

    def svd(self, x):
        if self.name == "diffsvd.jax":
            import diffsvd.jax

            return tuple(diffsvd.jax.svd(x))
        return tuple(self.jax.numpy.linalg.svd(x, full_matrices=False))

    def prepare(self, a, c):
        u, s, v = map(np.asarray, self.jax.jit(self.svd)(a))
        ours = self.name == "diffsvd.jax"
        gu, gs, gv = cotangents(c, u, s, v if ours else adjoint(v))
        g = tuple(map(np.conj, (gu, gs, gv if ours else adjoint(gv))))  # JAX's convention
        gradient = lambda x, g: self.jax.vjp(self.svd, x)[1](g)[0]  # noqa: E731
        compiled = self.jax.jit(gradient if self.steps == 1 else partial(self.loop, gradient))
        x, g = self.jax.device_put(a), self.jax.device_put(g)
        return lambda: compiled(x, g).block_until_ready(), lambda gradient: np.conj(gradient)

    def loop(self, gradient, x, g):
        """The last of so many gradients, each at a matrix that is not known before the gradient before it."""
        step = lambda _, last: (moved := last[0] + 1e-18 * last[1], gradient(moved, g))  # noqa: E731
        return self.jax.lax.fori_loop(0, self.steps - 1, step, (x, gradient(x, g)))[1]


def candidates(loop):
    if loop:
        return [Jax("diffsvd.jax", STEPS), Jax("jnp.linalg.svd", STEPS)]
    found = []
    if importlib.util.find_spec("torch"):
        found += [Torch("diffsvd.torch"), Torch("torch.linalg.svd")]
    if importlib.util.find_spec("jax"):
        found += [Jax("diffsvd.jax"), Jax("jnp.linalg.svd")]
    return found


SLICE = 1e-3
"""Seconds of a turn, in which the first call, which finds the caches full of the others, is not counted."""


def turn(once, cold):
    """The time of a call."""
    if not cold:
        once()
    start, calls = time.perf_counter(), 0
    while True:
        once()
        calls, took = calls + 1, time.perf_counter() - start
        if cold or took >= SLICE:
            return took / calls


def measure(candidates, a, c, seconds, cold):
    """Median time of each candidate, by turns, after its gradient has been compared with the first one's."""
    runs = [candidate.prepare(a, c) for candidate in candidates]
    gradients = [read(once()) for once, read in runs]
    for candidate, gradient in zip(candidates, gradients):
        error = np.linalg.norm(gradient - gradients[0]) / np.linalg.norm(gradients[0])
        assert error < TOLERANCE, f"{candidate.name} is off by {error:.1e}"
    times = [[] for _ in runs]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[0]) < 3:
        for (once, _), series in zip(runs, times):
            series.append(turn(once, cold))
    return [statistics.median(series) for series in times]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--single", action="store_true", help="no batches")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--cold", action="store_true", help="one call a turn")
    how.add_argument("--loop", action="store_true", help=f"JAX, {STEPS} matrices a call")
    parser.add_argument("--csv")
    options = parser.parse_args()
    rng, known = np.random.default_rng(1), candidates(options.loop)
    steps, rows = STEPS if options.loop else 1, []
    names = [candidate.name for candidate in known]
    pairs = [(ours, theirs) for ours, theirs in PAIRS if ours in names]
    print(f"| matrices | {' | '.join([*names, *(f'beside {theirs}' for _, theirs in pairs)])} |")
    print("|---|" + "---|" * (len(names) + len(pairs)))
    for count, n, dtype in CASES:
        label = f"{f'{count:,} of ' if count else ''}{n}×{n} {dtype}"
        if options.only not in label or (options.single and count):
            continue
        shape = (count, n, n) if count else (n, n)
        a, c = (rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if dtype[0] == "c" else 0) for _ in range(2))
        each = [1e6 * t / (max(count, 1) * steps) for t in measure(known, a, c, options.seconds, options.cold)]
        by_name = dict(zip(names, each))
        ratios = [by_name[theirs] / by_name[ours] for ours, theirs in pairs]
        rows.append([label, *(f"{t:.4g}" for t in each), *(f"{ratio:.3g}" for ratio in ratios)])
        print(f"| {label} | {' | '.join([*(f'{t:.3g} µs' for t in each), *(f'{ratio:.2f}' for ratio in ratios)])} |", flush=True)
    if options.csv:
        with open(options.csv, "w", newline="") as file:
            csv.writer(file).writerows([["matrices", *names, *(f"beside {theirs}" for _, theirs in pairs)], *rows])


if __name__ == "__main__":
    main()
