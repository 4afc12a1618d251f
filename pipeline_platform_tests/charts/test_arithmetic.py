"""Arithmetic over columns is Python's, with NULL for what has no value."""

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_platform.charts.arithmetic import arithmetic, names_in
from pipeline_platform.errors import DeclarationError

LEAVES = st.sampled_from(["a", "b", "2", "0.5", "0"])
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})")
        | inner.map(lambda text: f"-{text}")
    ),
    max_leaves=6,
)
VALUES = st.none() | st.integers(-5, 5)


def by_python(expression: str, a: int | None, b: int | None) -> float | None:
    """Division by zero goes on as an infinity or NaN, as floats do; the end must be finite."""
    named = {n: None if v is None else pl.Series([float(v)]) for n, v in (("a", a), ("b", b))}
    if any(named[name] is None for name in names_in(expression)):
        return None
    try:
        found = eval(expression, {}, {"a": float(a or 0), "b": float(b or 0)})
    except ZeroDivisionError:
        return None
    return float(found)


@given(EXPRESSIONS, VALUES, VALUES)
def test_it_is_what_python_computes(expression: str, a: int | None, b: int | None) -> None:
    frame = pl.DataFrame({"a": [a], "b": [b]}, schema={"a": pl.Int64, "b": pl.Int64})
    found = frame.select(value=arithmetic(expression, pl.col))["value"].item()
    expected = by_python(expression, a, b)
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert math.isclose(found, expected, abs_tol=1e-12)


def test_names_come_once_in_order() -> None:
    assert names_in("b / (a - b) * 2") == ("b", "a")


@pytest.mark.parametrize(
    "wrong",
    ["", "a +", "f(a)", "a ** 2", "a // b", "a.b", "a[0]", "'x'", "True", "a if b else 1", "a; b"],
)
def test_anything_else_is_refused(wrong: str) -> None:
    with pytest.raises(DeclarationError, match="no arithmetic over columns") as caught:
        names_in(wrong, where="defs.yaml:3:5")
    assert caught.value.where == "defs.yaml:3:5"
    assert "SQL" in caught.value.remedy
