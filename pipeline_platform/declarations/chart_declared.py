"""A chart whose columns, types, formats and orders are known to fit its table."""

from collections.abc import Iterable
from typing import get_args

from pipeline_platform.charts.arithmetic import names_in
from pipeline_platform.charts.formats import check_format
from pipeline_platform.contracts.charts import Chart, Encoding, Measure, measure_of
from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.types import DataType
from pipeline_platform.declarations.chart_attributes import (
    CHANNELS,
    ChartAttributes,
    EncodingAttributes,
)
from pipeline_platform.declarations.places import Place
from pipeline_platform.errors import DeclarationError, UnknownName

_ORDERS = ("ascending", "descending")


def chart_of(chart: ChartAttributes, columns: Iterable[TableColumn], place: Place) -> Chart:
    """The chart over a table's columns.

    Raises UnknownName for a column that is not there, DeclarationError for what does not fit.
    """
    known = {column.name: column for column in columns}
    given = {name: found for name in CHANNELS if (found := getattr(chart, name)) is not None}
    made = {
        name: _encoding(found, name, chart, known, place.at("chart", name))
        for name, found in given.items()
    }
    tooltip = tuple(
        _encoding(found, "tooltip", chart, known, place.at("chart", "tooltip", index))
        for index, found in enumerate(chart.tooltip)
    )
    if chart.labels and not any(made[axis].type == "quantitative" for axis in ("x", "y")):
        raise DeclarationError(
            "labels show the length of bars, and neither x nor y is a number",
            where=place.at("chart", "labels"),
            known=f"x is {made['x'].type}, y is {made['y'].type}",
            remedy="remove `labels`, or give x or y a number",
        )
    return Chart(
        title=chart.title,
        subtitle=chart.subtitle,
        mark=chart.mark,
        x=made["x"],
        y=made["y"],
        color=made.get("color"),
        size=made.get("size"),
        row=made.get("row"),
        tooltip=tooltip,
        height=chart.height or 0,
        labels=chart.labels,
        stack=chart.stack,
    )


def _encoding(
    said: EncodingAttributes,
    channel: str,
    chart: ChartAttributes,
    known: dict[str, TableColumn],
    where: str,
) -> Encoding:
    names = names_in(said.expression, where=where) if said.expression else (said.column,)
    for name in names:
        _check_column(name, known, where)
    kind = _kind(said, [known[name] for name in names], where)
    measure = said.type or _measure(kind, channel, chart, where)
    _check_measure(measure, kind, where)
    if said.format:
        _check_format(said.format, measure, kind, where)
    if measure != "quantitative":
        _check_plain(said, measure, where)
    return Encoding(
        title=said.title or (said.column or said.expression).replace("_", " ").capitalize(),
        type=measure,
        column=said.column,
        expression=said.expression,
        unit=said.unit,
        format=said.format,
        sort=_sort(said.sort, chart, where),
        aggregate=said.aggregate,
        zero=said.zero,
        scale=said.scale,
        domain=_domain(said.domain, where),
        middle=said.middle,
    )


def _check_column(name: str, known: dict[str, TableColumn], where: str) -> None:
    if name not in known:
        raise UnknownName("column", name, known, where=where)
    if known[name].personal:
        raise DeclarationError(
            f"column {name!r} holds personal data, which no page shows",
            where=where,
            known=f"personal: {known[name].personal}",
            remedy="show another column, or declare `personal: none` where it no longer is",
        )


def _kind(said: EncodingAttributes, columns: list[TableColumn], where: str) -> DataType:
    """The type of the value: of the column, of its aggregate, or of the arithmetic."""
    kinds = {column.name: DataType.parse(column.type) for column in columns}
    summed = bool(said.expression) or said.aggregate in ("sum", "mean", "median")
    for name, kind in kinds.items():
        if summed and measure_of(kind) != "quantitative":
            raise DeclarationError(
                f"column {name!r} is no number",
                where=where,
                known=f"{name} is {kind}",
                remedy="arithmetic, sums, means and medians take numbers",
            )
    if said.expression and said.aggregate not in (None, "sum"):
        raise DeclarationError(
            f"an expression has no {said.aggregate}",
            where=where,
            known="the aggregate of an expression is `sum`, of each column in it",
            remedy="write `aggregate: sum`, or compute the value in the SQL of the mart",
        )
    if said.expression or said.aggregate in ("mean", "median"):
        return DataType("double")
    return DataType("bigint") if said.aggregate == "count" else next(iter(kinds.values()))


def _measure(kind: DataType, channel: str, chart: ChartAttributes, where: str) -> Measure:
    found = measure_of(kind)
    if found is None:
        raise DeclarationError(
            f"{kind} cannot be drawn",
            where=where,
            known="numbers, dates, timestamps, texts and booleans can",
            remedy="take the value that you mean out of it in the SQL of the mart",
        )
    cells = chart.mark == "heatmap" and channel in ("x", "y") and found == "quantitative"
    return "ordinal" if cells or (channel == "row" and found != "nominal") else found


def _check_measure(measure: Measure, kind: DataType, where: str) -> None:
    natural = measure_of(kind)
    if measure in ("quantitative", "temporal") and measure != natural:
        fitting = [m for m in get_args(Measure) if m in (natural, "ordinal", "nominal")]
        raise DeclarationError(
            f"{kind} is not {measure}",
            where=where,
            known=f"{kind} can be {', '.join(fitting)}",
            remedy="remove `type`, or cast the column in the SQL of the mart",
        )


def _check_format(text: str, measure: Measure, kind: DataType, where: str) -> None:
    numbers = measure_of(kind) == "quantitative"
    if measure == "ordinal":
        check_format(text, "quantitative" if numbers else "nominal", where=where)
    else:
        check_format(text, measure, where=where)


def _check_plain(said: EncodingAttributes, measure: Measure, where: str) -> None:
    for option in ("zero", "scale", "domain", "middle"):
        if getattr(said, option) is not None:
            raise DeclarationError(
                f"`{option}` is for numbers, and this is {measure}",
                where=where,
                known="only quantitative encodings have a scale of numbers",
                remedy=f"remove `{option}`",
            )


def _sort(sort: object, chart: ChartAttributes, where: str) -> str | tuple[str | int | float, ...]:
    if isinstance(sort, list):
        return tuple(sort)
    text = str(sort)
    channels = [name for name in ("x", "y", "color", "size") if getattr(chart, name) is not None]
    allowed = [*_ORDERS, *channels, *(f"-{name}" for name in channels)]
    if text and text not in allowed:
        raise UnknownName("order", text, allowed, where=where)
    return text


def _domain(ends: list[float] | None, where: str) -> tuple[float, float] | None:
    if ends is None:
        return None
    low, high = ends
    if not low < high:
        raise DeclarationError(
            f"a scale from {low:g} to {high:g} has no extent",
            where=where,
            known="`domain` is [lowest, highest]",
            remedy="write the smaller number first",
        )
    return low, high
