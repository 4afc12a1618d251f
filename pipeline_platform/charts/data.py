"""The rows that a chart draws: one column per encoding, aggregated, in order."""

from typing import TYPE_CHECKING, Any

from pipeline_platform.charts.arithmetic import arithmetic
from pipeline_platform.charts.texts import ILLEGIBLE, INSTEAD
from pipeline_platform.contracts.charts import Chart, Encoding
from pipeline_platform.errors import Abort

if TYPE_CHECKING:
    import polars as pl

MOST_ROWS = 20_000
MOST_NAMES = 500
MOST_MULTIPLES = 50
_EXACT = 2**53


def fields(chart: Chart) -> dict[str, Encoding]:
    """The encodings by the name of their column in the data: the channel, `tooltip0`, ..."""
    extra = {f"tooltip{i}": encoding for i, encoding in enumerate(chart.tooltip)}
    return {**chart.channels, **extra}


def drawn(chart: Chart, rows: "pl.DataFrame") -> "pl.DataFrame":
    """`rows` as the chart draws them, sorted by all columns: equal rows in, equal rows out.

    Where an encoding has an aggregate, rows are grouped by those that have none. Abort
    where more than 20,000 rows, 500 names of a channel or 50 small multiples remain.
    """
    import polars as pl

    named = fields(chart)
    grouped = [name for name, encoding in named.items() if encoding.aggregate is None]
    if len(grouped) == len(named):
        found = rows.select(**{name: _value(encoding) for name, encoding in named.items()})
    elif grouped:
        keys = [_value(named[name]).alias(name) for name in grouped]
        sums = [_value(e).alias(name) for name, e in named.items() if e.aggregate]
        found = rows.sort(rows.columns).group_by(keys, maintain_order=True).agg(sums)
    else:
        found = rows.select(**{name: _value(encoding) for name, encoding in named.items()})
        found = found if len(rows) else found.clear()
    _check_size(chart, found)
    return found.select(pl.col(name) for name in named).sort(list(named))


def _check_size(chart: Chart, found: "pl.DataFrame") -> None:
    for name, encoding in chart.channels.items():
        most = MOST_MULTIPLES if name == "row" else MOST_NAMES
        if encoding.type in ("nominal", "ordinal") and (count := found[name].n_unique()) > most:
            raise Abort(
                f"the chart {chart.title!r} would show {count:,} values of {encoding.title!r}",
                known=f"`{name}` shows at most {most} that are told apart by name",
                remedy="keep the largest in the SQL of the mart, or show another column",
            )
    if len(found) > MOST_ROWS:
        raise Abort(
            f"the chart {chart.title!r} would draw {len(found):,} rows",
            known=f"a page holds its data, at most {MOST_ROWS:,} rows",
            remedy="aggregate in the SQL of the mart, or give its encodings an `aggregate`",
        )


def values(frame: "pl.DataFrame") -> list[dict[str, Any]]:
    """Rows for JSON: dates and instants as ISO 8601 in UTC, decimals as numbers.

    NaN and infinities are null; an integer that a float cannot hold is text; what XML
    forbids in texts is U+FFFD.
    """
    return frame.select(_plain(column) for column in frame.iter_columns()).to_dicts()


def _value(encoding: Encoding) -> "pl.Expr":
    import polars as pl

    if encoding.expression:
        return arithmetic(encoding.expression, lambda name: _of(pl.col(name), encoding.aggregate))
    return _of(pl.col(encoding.column), encoding.aggregate)


def _of(column: "pl.Expr", aggregate: str | None) -> "pl.Expr":
    import polars as pl

    if aggregate == "sum":
        return pl.when(column.count() > 0).then(column.sum())
    found: pl.Expr = getattr(column, aggregate)() if aggregate else column
    return found


def _plain(column: "pl.Series") -> "pl.Series":
    import polars as pl

    kind = column.dtype
    if kind == pl.String:
        return column.str.replace_all(ILLEGIBLE, INSTEAD)
    if kind.is_float():
        return column.set(~column.is_finite(), None)
    if kind.is_decimal():
        return column.cast(pl.Float64)
    if kind == pl.Date:
        return column.dt.to_string("%Y-%m-%d")
    if isinstance(kind, pl.Datetime):
        utc = column.dt.convert_time_zone("UTC") if kind.time_zone else column
        return utc.dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ")
    if kind in (pl.Int64, pl.UInt64) and not column.is_between(-_EXACT, _EXACT).all():
        texts = [str(v) if v is not None and abs(v) > _EXACT else v for v in column]
        return pl.Series(column.name, texts, dtype=pl.Object)
    return column
