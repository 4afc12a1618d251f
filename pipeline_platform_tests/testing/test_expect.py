"""What `expect` calls equal, and how it says what is not."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.testing import Rows, expect

AT = datetime(2024, 1, 2, 3, 4, 5, 600, tzinfo=UTC)
FRAME = pl.DataFrame(
    {"id": ["a", "b"], "n": [1, None], "x": [0.1, float("nan")], "at": [AT, None],
     "day": [date(2024, 1, 2), None], "sum": [Decimal("4.20"), None], "l": [[1, 2], []]}
)  # fmt: skip
TYPES = {
    "id": "string", "n": "bigint", "x": "double", "at": "timestamp", "day": "date",
    "sum": "decimal(10,2)", "l": "array<bigint>",
}  # fmt: skip
ROWS = Rows(FRAME, "mart.one", TYPES)
A: dict[str, Any] = {"id": "a", "n": 1, "x": 0.1, "at": AT, "day": "2024-01-02", "sum": "4.20"}


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (
            "at",
            [
                "2024-01-02T03:04:05.000600Z",
                "2024-01-02 04:04:05.0006+01:00",
                AT.replace(tzinfo=None),
            ],
        ),
        ("day", [date(2024, 1, 2), "2024-01-02"]),
        ("sum", [4.2, Decimal("4.2"), "4.2", "4.200"]),
        ("n", [1, 1.0]),
        ("x", [0.1, Decimal("0.1")]),
        ("l", [[1, 2], (1, 2)]),
    ],
)
def test_values_are_read_in_the_type_of_the_column(column: str, values: list[Any]) -> None:
    for value in values:
        expect(ROWS, [{"id": "a", column: value}, {"id": "b", column: ROWS[1][column]}])


@pytest.mark.parametrize(
    ("column", "value"),
    [("n", "1"), ("n", 1.5), ("n", True), ("n", 1 << 63), ("x", "0.1"), ("at", "yesterday"),
     ("day", AT), ("sum", "4.201"), ("sum", 10**8), ("sum", "NaN"), ("id", 1), ("l", "ab")],
)  # fmt: skip
def test_a_value_that_cannot_be_in_the_column_is_an_error(column: str, value: Any) -> None:
    with pytest.raises(DeclarationError, match=f"expected row 0, column {column}: .* is no "):
        expect(ROWS, [{column: value}])


def test_only_the_named_columns_count() -> None:
    expect(ROWS, [{"n": None}, {"n": 1}])
    expect(ROWS, [{"id": "a", "n": 7}, {"id": "b"}], only=["id"])
    expect(ROWS, FRAME)
    with pytest.raises(UnknownName, match="did you mean 'sum'"):
        expect(ROWS, [{"sun": 1}])
    with pytest.raises(UnknownName, match="expected rows: unknown column 'x'"):
        expect(ROWS, [{"id": "a"}, {"id": "b"}], only=["x"])


def test_as_many_rows_count() -> None:
    expect(ROWS[:0], [])
    for wrong in ([], [{"id": "a"}], [{"id": "a"}, {"id": "b"}, {"id": "b"}]):
        with pytest.raises(AssertionError):
            expect(ROWS, wrong)


def test_numbers_are_exact_unless_approximate() -> None:
    near = [{"x": 0.1 + 1e-9, "sum": "4.21"}, {"x": float("nan"), "sum": None}]
    with pytest.raises(AssertionError, match="missing"):
        expect(ROWS, near, only=["x"])
    expect(ROWS, near, approx=0.01)
    with pytest.raises(AssertionError):
        expect(ROWS, near, approx=1e-6)


def test_the_difference_is_a_small_table() -> None:
    with pytest.raises(AssertionError) as found:
        expect(
            ROWS, [A | {"sum": "4.30"}, {"id": "c", "day": "2024-01-03"}], only=["id", "day", "sum"]
        )
    assert str(found.value).splitlines() == [
        "mart.one: 2 rows found, 2 expected",
        "differing (1):",
        "  id   day         sum",
        "  'a'  2024-01-02  4.20 (expected 4.30)",
        "missing (1):",
        "  id   day         sum",
        "  'c'  2024-01-03  NULL",
        "unexpected (1):",
        "  id   day   sum",
        "  'b'  NULL  NULL",
    ]


def test_long_differences_are_cut() -> None:
    with pytest.raises(AssertionError) as found:
        expect([], [{"id": "x" * 99, "n": n} for n in range(1000)])
    lines = str(found.value).splitlines()
    assert len(lines) == 14 and lines[-1] == "  ... and 990 more"
    assert max(map(len, lines)) < 60


def test_the_order_counts_if_asked() -> None:
    expect(ROWS, [{"id": "b"}, {"id": "a"}])
    with pytest.raises(AssertionError, match="in another order; at position 0"):
        expect(ROWS, [{"id": "b"}, {"id": "a"}], ordered=True)


VALUES = st.one_of(st.none(), st.integers(-3, 3), st.floats(), st.text(max_size=2), st.just([1]))
LISTS = st.lists(st.fixed_dictionaries({"a": VALUES, "b": VALUES}), max_size=8)


@given(LISTS, st.randoms(use_true_random=False))
def test_any_order_of_the_same_rows_is_equal(rows: list[dict[str, Any]], random: Any) -> None:
    shuffled = random.sample(rows, len(rows))
    expect(rows, shuffled)
    expect(rows, shuffled, approx=0.1)
    expect(rows, rows, ordered=True)


@given(LISTS.filter(bool), st.data())
def test_one_changed_value_or_row_is_found(rows: list[dict[str, Any]], data: Any) -> None:
    at = data.draw(st.integers(0, len(rows) - 1))
    with pytest.raises(AssertionError, match="changed"):
        expect(rows, [row | {"b": "changed"} if n == at else row for n, row in enumerate(rows)])
    with pytest.raises(AssertionError, match="unexpected"):
        expect([*rows, {"a": "more", "b": "more"}], rows)
