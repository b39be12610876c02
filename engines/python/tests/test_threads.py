"""Threads: the same results on any number, Python's lock free, and no deadlock after a fork."""

import os
import threading
import time

import diffsvd
import numpy as np
import pytest
from conftest import random


@pytest.mark.parametrize("shape", [(3, 3), (12, 9)])
def test_same_results_on_any_number(rng, shape):
    a, g = random(rng, (3000, *shape), "float64"), random(rng, (3000, *shape), "float64")
    one, many = (diffsvd.svd(a, threads=threads) for threads in (1, 0))
    for x, y in zip(one, many):
        assert np.array_equal(x, y)
    assert np.array_equal(diffsvd.svt_vjp(a, 0.5, g, threads=1).a, diffsvd.svt_vjp(a, 0.5, g, threads=2).a)


def test_first_failure_is_told_from_many_threads(rng):
    a = random(rng, (3000, 8, 8), "float64")
    a[[1234, 2999], 3, 4] = np.inf
    with pytest.raises(ValueError, match=r"item 1234: entry \(3, 4\) of the matrix is infinite"):
        diffsvd.svd(a)


def test_python_goes_on_meanwhile(rng):
    """While a large matrix is decomposed another thread of Python runs: it counts far beyond what one switch would let it."""
    a, counts, done = random(rng, (700, 700), "float64"), [0], threading.Event()

    def count():
        while not done.is_set():
            counts[0] += 1
            time.sleep(0)

    thread = threading.Thread(target=count)
    thread.start()
    before = counts[0]
    diffsvd.svd(a)
    during = counts[0] - before
    done.set()
    thread.join()
    assert during > 100


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore")
def test_after_a_fork(rng):
    a = random(rng, (5000, 6, 6), "float64")
    expected = diffsvd.svd(a).s  # the threads exist now
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(diffsvd.svd(a).s, expected) else 1)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            assert os.waitstatus_to_exitcode(status) == 0
            return
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    pytest.fail("the child of a fork waits for threads that it does not have")
