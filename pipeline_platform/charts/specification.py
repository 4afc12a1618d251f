"""A chart and its rows as a Vega-Lite specification, built through Altair."""

from typing import TYPE_CHECKING, Any

from pipeline_platform.charts.channels import Channels
from pipeline_platform.charts.data import drawn, fields, values
from pipeline_platform.charts.orders import DISCRETE, with_ranks
from pipeline_platform.charts.texts import legible
from pipeline_platform.contracts.charts import Chart

if TYPE_CHECKING:
    import polars as pl

_WORDS = {
    "bar": "Bar chart",
    "line": "Line chart",
    "area": "Area chart",
    "point": "Scatter plot",
    "heatmap": "Heat map",
}
_STEP = {"bar": 26, "heatmap": 28}
_TALLEST = 1600
_FEW = 40


def specification(chart: Chart, rows: "pl.DataFrame") -> dict[str, Any]:
    """A Vega-Lite specification as wide as its container, its data inlined as values.

    `rows` holds the columns that the encodings name. Equal rows give an equal
    specification, whatever their order. Abort where there are too many to inline.
    """
    return specified(chart, drawn(chart, rows))


def specified(chart: Chart, frame: "pl.DataFrame") -> dict[str, Any]:
    """The specification of rows that `charts.data.drawn` prepared."""
    import altair as alt

    frame = with_ranks(chart, frame)
    channels = Channels(chart, frame)
    shared = channels.all(fields(chart))
    inner: Any = _marked(alt.Chart().encode(**shared), chart, frame)
    if chart.labels and chart.mark == "bar":
        inner = alt.layer(inner, _labels(alt.Chart().encode(**shared), chart, channels))
    width = 600 if chart.row else "container"
    inner = inner.properties(width=width, height=chart.height or _height(chart, frame))
    if chart.row:
        inner = alt.FacetChart(spec=inner, facet=alt.FacetMapping(row=channels.row(chart.row)))
    title = alt.TitleParams(chart.title)
    if chart.subtitle:
        title.subtitle = chart.subtitle
    inner.data = alt.InlineData(values=[])
    if not chart.row:
        inner.autosize = alt.AutoSizeParams(type="fit-x", contains="padding")
    whole = inner.properties(title=title, description=description(chart, len(frame))).to_dict()
    return {**legible(whole), "data": {"values": values(frame)}}


def _marked(base: Any, chart: Chart, frame: "pl.DataFrame") -> Any:
    few = len(frame) <= _FEW
    hover = {"opacity": 1 if few else 0, "size": 40 if few else 90}
    if chart.mark == "bar":
        return base.mark_bar()
    if chart.mark == "line":
        return base.mark_line(point=hover)
    if chart.mark == "area":
        return base.mark_area(point=hover)
    if chart.mark == "point":
        return base.mark_point()
    return base.mark_rect(strokeWidth=1 if frame["x"].n_unique() <= 2 * _FEW else 0)


def _labels(base: Any, chart: Chart, channels: Channels) -> Any:
    if chart.y.type in DISCRETE:
        mark = base.mark_text(align="left", dx=5)
        return mark.encode(text=channels.text("x", chart.x))
    mark = base.mark_text(baseline="bottom", dy=-4)
    return mark.encode(text=channels.text("y", chart.y))


def _height(chart: Chart, frame: "pl.DataFrame") -> Any:
    if chart.y.type in DISCRETE and chart.mark in _STEP:
        step = _STEP[chart.mark]
        return {"step": step} if step * frame["y"].n_unique() <= _TALLEST else _TALLEST
    return 130 if chart.row else 340


def description(chart: Chart, rows: int) -> str:
    """The chart in words, for who does not see it."""
    shown = [f"{e.label} as {name}" for name, e in chart.channels.items()]
    head = f"{_WORDS[chart.mark]}: {chart.title}."
    subtitle = f" {chart.subtitle.rstrip('.')}." if chart.subtitle else ""
    return f"{head}{subtitle} Shows {', '.join(shown)}; {rows:,} rows."
