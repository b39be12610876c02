"""Matrices for the tests: of every type, shape and kind of spectrum."""

import numpy as np
import pytest

TYPES = ["float32", "float64", "complex64", "complex128"]
SHAPES = [(3, 3), (5, 3), (3, 5), (12, 12), (20, 9), (1, 4), (4, 1), (40, 40)]
# Of a 5×4 matrix.
SPECTRA = {
    "distinct": [4.0, 3.0, 1.5, 0.5],
    "equal": [3.0, 2.0, 2.0, 0.5],
    "all equal": [2.0, 2.0, 2.0, 2.0],
    "nearly equal": [3.0, 2.0, 2.0 * (1 - 1e-9), 0.5],
    "zero": [3.0, 2.0, 2.0, 0.0],
    "huge ratio": [1e8, 1e4, 2.0, 1e-3],
}


def epsilon(dtype):
    return float(np.finfo(dtype).eps)


def is_complex(dtype):
    return np.dtype(dtype).kind == "c"


def random(rng, shape, dtype):
    """Standard-normal entries."""
    x = rng.standard_normal(shape)
    if is_complex(dtype):
        x = x + 1j * rng.standard_normal(shape)
    return x.astype(dtype)


def unitary(rng, n, dtype):
    return np.linalg.qr(random(rng, (n, n), "complex128" if is_complex(dtype) else "float64"))[0]


def with_values(rng, shape, s, dtype="float64"):
    """A matrix with these singular values; single precision gets ratios that it can resolve."""
    s = np.asarray(s) ** (0.4 if epsilon(dtype) > 1e-10 and max(s) > 1e6 else 1)
    m, n = shape
    u, v = unitary(rng, m, dtype), unitary(rng, n, dtype)
    k = len(s)
    return ((u[:, :k] * np.asarray(s)) @ v[:, :k].conj().T).astype(dtype)


def inner(x, y):
    """Re Σ conj(x) y."""
    return float(np.sum((np.conj(x) * y).real))


def adjoint(x):
    return np.conj(np.swapaxes(x, -1, -2))


def difference(f, a, da, h):
    """The derivative of f along dA by central differences of fourth order."""
    return (8 * (f(a + h * da) - f(a - h * da)) - (f(a + 2 * h * da) - f(a - 2 * h * da))) / (12 * h)


@pytest.fixture
def rng():
    return np.random.default_rng(7)
