"""The examples of the README and of the docstrings, the types, and the table of the README."""

import doctest
import importlib
import inspect
import pathlib

import diffsvd
import pytest

PACKAGE = pathlib.Path(diffsvd.__file__).parent
README = pathlib.Path(__file__).parent.parent / "README.md"


def test_readme():
    pytest.importorskip("torch", exc_type=ImportError)
    failed, tried = doctest.testfile(str(README), module_relative=False)
    assert tried > 5 and failed == 0


@pytest.mark.parametrize("name", ["diffsvd", "diffsvd._factors", "diffsvd._functions", "diffsvd.jax", "diffsvd.torch"])
def test_docstrings(name):
    pytest.importorskip(name.rpartition(".")[2] if name in ("diffsvd.jax", "diffsvd.torch") else "numpy", exc_type=ImportError)
    module = importlib.import_module(name)
    failed, tried = doctest.testmod(module, extraglobs={"np": __import__("numpy")})
    assert failed == 0 and (tried > 0 or name == "diffsvd")
    public = [getattr(module, function) for function in getattr(module, "__all__", [])]
    assert all(function.__doc__ for function in public if not isinstance(function, str))


def test_types_are_shipped():
    assert (PACKAGE / "py.typed").exists() and (PACKAGE / "_diffsvd.pyi").exists()
    for name in diffsvd.__all__:
        function = getattr(diffsvd, name)
        if inspect.isfunction(function):
            signature = inspect.signature(function)
            assert signature.return_annotation is not inspect.Signature.empty, name
            assert all(p.annotation is not inspect.Parameter.empty for p in signature.parameters.values()), name


def test_table_of_the_readme(capsys):
    """What the README says of the engines at equal singular values is what they do."""
    pytest.importorskip("torch", exc_type=ImportError)
    pytest.importorskip("jax")
    spec = importlib.util.spec_from_file_location("equal_values", README.parent / "examples" / "equal_values.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    example.main()
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    text = README.read_text()
    # How far off an engine is depends on the last bits of its singular values: the verdict counts, not the number.
    verdict = lambda row: [cell if cell in ("exact", "NaN") else "not" for cell in map(str.strip, row.split("|")[3:-1])]
    written = {tuple(row.split("|")[1:3]): row for row in text.splitlines() if row.startswith("|")}
    assert len(rows) > 5
    for row in rows[2:]:
        ours, theirs = verdict(written[tuple(row.split("|")[1:3])]), verdict(row)
        assert [cell == "exact" for cell in ours] == [cell == "exact" for cell in theirs], row
