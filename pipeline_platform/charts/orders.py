"""The order of names on a chart, as ranks beside its data."""

from typing import TYPE_CHECKING

from pipeline_platform.contracts.charts import Chart

if TYPE_CHECKING:
    import polars as pl

DISCRETE = ("nominal", "ordinal")


def with_ranks(chart: Chart, frame: "pl.DataFrame") -> "pl.DataFrame":
    """`frame` and a column `<channel>_rank` where names are neither ascending nor descending.

    Listed values would become text inside of Vega's expressions, which some texts break.
    """
    return frame.with_columns(
        _ranks(frame[name], _listed(order, name, frame)).alias(rank_of(name))
        for name in chart.channels
        if (order := _order(chart, name)) not in ("", "ascending", "descending")
    )


def rank_of(channel: str) -> str:
    """The column that holds the ranks of a channel."""
    return f"{channel}_rank"


def _order(chart: Chart, name: str) -> str | tuple[str | int | float, ...]:
    """Bars of names come longest first unless said otherwise."""
    encoding = chart.channels[name]
    if encoding.type not in DISCRETE:
        return ""
    other = {"x": "y", "y": "x"}.get(name, "")
    bars = chart.mark == "bar" and encoding.type == "nominal" and other
    longest = bars and chart.channels[other].type == "quantitative"
    return encoding.sort or (f"-{other}" if longest else "")


def _listed(
    order: str | tuple[str | int | float, ...], name: str, frame: "pl.DataFrame"
) -> list[object]:
    import polars as pl

    if isinstance(order, tuple):
        return list(order)
    channel = order.removeprefix("-")
    column = pl.col(channel)
    whole = column.sum() if frame[channel].dtype.is_numeric() else column.min()
    found = frame.group_by(pl.col(name).alias("name"), maintain_order=True).agg(whole)
    down = order.startswith("-")
    return found.sort(channel, descending=down, nulls_last=True)["name"].to_list()


def _ranks(names: "pl.Series", listed: list[object]) -> "pl.Series":
    import polars as pl

    places = {name: place for place, name in enumerate(listed)}
    return pl.Series([places.get(name, len(places)) for name in names], dtype=pl.Int64)
