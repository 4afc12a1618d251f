"""The chart of a view that declares none, chosen by the types of its columns and its rows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline_platform.contracts.charts import Aggregate, Chart, Encoding, measure_of
from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.types import INTEGERS, DataType
from pipeline_platform.serving.answers import About

if TYPE_CHECKING:
    import polars as pl

_MOST_COLORS = 7  # the theme tells so many apart
_MOST_BARS = 40
_LEAST_TIMES = 3


def default_chart(about: About, rows: "pl.DataFrame") -> Chart | None:
    """A line over the first time key, or bars by a key that is text; None without a number.

    Bars where there are fewer than three times. The number is the first bigint that is no
    key, as counts are, else the first number. A key of up to seven values gives colours.
    Rows that fall on one mark, because the view has more keys than the chart shows, are
    summed where they are integers, else averaged. Personal columns are not drawn.
    """
    shown = [column for column in about.columns if not column.personal]
    keys = [column for column in shown if column.name in about.keys]
    number = _number([column for column in shown if column not in keys])
    names = [column for column in keys if _is(column, "nominal")]
    counts = {column.name: rows[column.name].n_unique() for column in keys}
    time = next((column for column in keys if _is(column, "temporal")), None)
    if number is None or not (time or names):
        return None
    bars = _bars(names, counts)
    if time and (counts[time.name] >= _LEAST_TIMES or bars is None):
        return _drawn(about, number, time, _color(names, counts))
    if bars is None:
        return None
    others = [column for column in names if column is not bars]
    return _drawn(about, number, bars, _color(others, counts))


def _drawn(about: About, number: TableColumn, by: TableColumn, color: TableColumn | None) -> Chart:
    drawn = 1 if color is None else 2
    folded = _folded(number) if len(about.keys) > drawn else None
    value = Encoding(_words(number.name), "quantitative", number.name, aggregate=folded, zero=True)
    marked = Encoding(_words(color.name), "nominal", color.name) if color else None
    if _is(by, "temporal"):
        x = Encoding(_words(by.name), "temporal", by.name)
        return Chart(_words(about.name), "line", x, value, color=marked)
    y = Encoding(_words(by.name), "nominal", by.name, sort="-x")
    return Chart(_words(about.name), "bar", value, y, color=marked)


def _number(columns: Sequence[TableColumn]) -> TableColumn | None:
    counts = (column for column in columns if column.type == "bigint")
    numbers = (column for column in columns if _is(column, "quantitative"))
    return next(counts, None) or next(numbers, None)


def _bars(names: Sequence[TableColumn], counts: dict[str, int]) -> TableColumn | None:
    """The key with the most values that bars can show."""
    few = [column for column in names if counts[column.name] <= _MOST_BARS]
    return max(few, key=lambda column: counts[column.name], default=None)


def _color(names: Sequence[TableColumn], counts: dict[str, int]) -> TableColumn | None:
    return next((column for column in names if counts[column.name] <= _MOST_COLORS), None)


def _folded(column: TableColumn) -> Aggregate:
    return "sum" if DataType.parse(column.type).name in INTEGERS else "mean"


def _is(column: TableColumn, measure: str) -> bool:
    return measure_of(DataType.parse(column.type)) == measure


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
