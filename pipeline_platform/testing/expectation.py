"""Compares rows with those that a test expects, and says how they differ."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline_platform.errors import UnknownName
from pipeline_platform.testing.bench import plain
from pipeline_platform.testing.difference import Row, alike, difference, explained
from pipeline_platform.testing.rows import Rows
from pipeline_platform.testing.sources import GivenRows, source
from pipeline_platform.testing.stream_run import Landing
from pipeline_platform.testing.table import table
from pipeline_platform.testing.values import converted


@plain
def expect(
    found: "Landing | Rows | Sequence[Row]",
    rows: GivenRows,
    *,
    ordered: bool = False,
    only: Iterable[str] | None = None,
    approx: float = 0.0,
) -> None:
    """AssertionError unless `found` (of a stream: its accepted rows) are `rows`.

    Compared are the columns that the expected rows name, or `only` those; a row that lacks
    one expects NULL. The order counts only if `ordered`. Expected values are read in the
    column's type: ISO 8601 texts for dates and instants (UTC where no zone stands), texts or
    numbers for decimals. Numbers are equal exactly, or within the share `approx` (absolute
    below 1). Raises UnknownName for a column that the rows do not have.
    """
    __tracebackhide__ = True
    actual = found.accepted if isinstance(found, Landing) else found
    wanted = source(rows, "expected rows")
    columns = _columns(actual, list(wanted.columns), only)
    expected = _typed(wanted.rows(), actual, columns, wanted.text)
    message = _compared(list(actual), expected, columns, ordered, approx)
    if message:
        raise AssertionError("\n".join([_title(actual, expected), *message]))


def _columns(actual: Sequence[Row], named: list[str], only: Iterable[str] | None) -> list[str]:
    known = (
        list(actual.types)
        if isinstance(actual, Rows)
        else list(dict.fromkeys(c for row in actual for c in row))
    )
    chosen = list(only) if only is not None else named
    for name in chosen if known else ():
        if name not in known:
            raise UnknownName("column", name, known, where=_name(actual))
        if named and name not in named:
            raise UnknownName("column", name, named, where="expected rows")
    return chosen or known


def _typed(
    rows: Sequence[Mapping[str, Any]], actual: Sequence[Row], columns: list[str], text: bool
) -> list[Row]:
    types = actual.types if isinstance(actual, Rows) else {}
    return [
        {
            c: converted(row.get(c), types[c], f"expected row {n}, column {c}", text=text)
            if c in types
            else row.get(c)
            for c in columns
        }
        for n, row in enumerate(rows)
    ]


def _compared(
    found: list[Row], expected: list[Row], columns: list[str], ordered: bool, approx: float
) -> list[str]:
    left = difference(found, expected, columns, approx)
    if not left.none:
        return explained(left, columns)
    pairs = enumerate(zip(found, expected, strict=True)) if ordered else ()
    at = next((n for n, (a, b) in pairs if not alike(a, b, columns, approx)), None)
    if at is None:
        return []
    return [
        f"the same rows in another order; at position {at} is expected, then found:",
        *(f"  {line}" for line in table(columns, [expected[at], found[at]])),
    ]


def _title(actual: Sequence[Row], expected: list[Row]) -> str:
    return f"{_name(actual)}: {len(actual)} rows found, {len(expected)} expected"


def _name(actual: Any) -> str:
    return actual.name if isinstance(actual, Rows) else "rows"
