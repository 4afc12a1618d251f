"""Encodings as Altair channels: scales, axes, legends, sort orders and tooltips."""

import json
from typing import TYPE_CHECKING, Any

from pipeline_platform.charts.formats import DATE, TIMESTAMP
from pipeline_platform.charts.orders import DISCRETE, rank_of
from pipeline_platform.charts.texts import one_line
from pipeline_platform.contracts.charts import Chart, Encoding

if TYPE_CHECKING:
    import altair as alt
    import polars as pl

_BANDED = ("bar", "heatmap")
_UNITS = {
    "1y": "utcyear",
    "1mo": "utcyearmonth",
    "1d": "utcyearmonthdate",
    "1h": "utcyearmonthdatehours",
    "1m": "utcyearmonthdatehoursminutes",
}
_TICKS = {
    "year": "%Y",
    "quarter": "%b",
    "month": "%b",
    "week": "%d %b",
    "date": "%d %b",
    "day": "%d %b",
    "hours": "%H:%M",
    "minutes": "%H:%M",
    "seconds": "%H:%M:%S",
    "milliseconds": "%S.%L",
}
_LINE = 45  # letters that stand beside each other on a phone
_FINEST = "utcyearmonthdatehoursminutesseconds"


class Channels:
    """The channels of one chart over the rows that it draws, ranks beside them."""

    def __init__(self, chart: Chart, frame: "pl.DataFrame") -> None:
        self.chart, self.frame = chart, frame

    def all(self, named: dict[str, Encoding]) -> dict[str, Any]:
        """Keyword arguments of `encode`; `named` are the encodings by field."""
        import altair as alt

        made: dict[str, Any] = {
            "x": self._position(alt.X, "x", self.chart.x),
            "y": self._position(alt.Y, "y", self.chart.y),
            "tooltip": [self._tooltip(name, encoding) for name, encoding in named.items()],
        }
        if self.chart.color:
            made["color"] = self._color(self.chart.color)
        if self.chart.size:
            scale = alt.Scale(**_scale(self.chart.size), range=[20, 500])
            made["size"] = alt.Size(**_field("size", self.chart.size), scale=scale)
        return made

    def row(self, encoding: Encoding) -> "alt.FacetFieldDef":
        """The header of each small multiple says what it holds."""
        import altair as alt

        said = f"{_quoted(encoding.label + ': ')} + (datum.label)"
        header = alt.Header(
            labelExpr=said, orient="top", labelAnchor="start", title=None, labelOrient="top"
        )
        return alt.FacetFieldDef(
            field="row", type=encoding.type, header=header, sort=self._sort("row", encoding)
        )

    def text(self, name: str, encoding: Encoding) -> "alt.Text":
        """The value of a bar, written beside it."""
        import altair as alt

        written = encoding.format or _default_format(self.frame[name], 3)
        return alt.Text(field=name, type=encoding.type, format=written)

    def _position(self, channel: Any, name: str, encoding: Encoding) -> Any:
        import altair as alt

        axis = alt.Axis(**self._axis(name, encoding))
        made: dict[str, Any] = {**_field(name, encoding), "axis": axis}
        scale = _scale(encoding)
        if encoding.type == "temporal":
            scale["type"] = "utc"
            if self.chart.mark in _BANDED:
                made["timeUnit"] = unit_of(self.frame[name])
        elif encoding.type in DISCRETE:
            made["sort"] = self._sort(name, encoding)
        if self.chart.stack and encoding.type == "quantitative":
            made["stack"] = None if self.chart.stack == "none" else self.chart.stack
        return channel(**made, **({"scale": alt.Scale(**scale)} if scale else {}))

    def _axis(self, name: str, encoding: Encoding) -> dict[str, Any]:
        if encoding.type == "temporal":
            said = _quoted(encoding.format) if encoding.format else json.dumps(_TICKS)
            return {"labelExpr": f"utcFormat(datum.value, {said})", "labelSeparation": 8}
        found = _format(encoding)
        if encoding.type == "ordinal":
            found["labelAngle"] = 0
        elif encoding.type == "nominal" and name == "x":
            letters = sum(len(str(value)) + 2 for value in self.frame[name].unique())
            found["labelAngle"] = 0 if letters <= _LINE else -40
        elif encoding.type == "quantitative" and self.chart.labels:
            found["grid"] = False
        return found

    def _sort(self, name: str, encoding: Encoding) -> Any:
        if (rank := rank_of(name)) in self.frame.columns:
            return {"field": rank, "op": "min", "order": "ascending"}
        return encoding.sort or "ascending"

    def _color(self, encoding: Encoding) -> "alt.Color":
        import altair as alt

        scale = _scale(encoding)
        if encoding.domain:
            scale["clamp"] = True
        if encoding.middle is not None:
            scale["domainMid"] = encoding.middle
        legend = alt.Legend(**_format(encoding), **self._beyond(encoding))
        sort = {"sort": self._sort("color", encoding)} if encoding.type in DISCRETE else {}
        return alt.Color(
            **_field("color", encoding), legend=legend, scale=alt.Scale(**scale), **sort
        )

    def _beyond(self, encoding: Encoding) -> dict[str, Any]:
        """The ends of a legend say that their colours hold for what lies beyond them, too."""
        if not encoding.domain or encoding.type != "quantitative":
            return {}
        (low, high), column = encoding.domain, self.frame["color"]
        said = "datum.label"
        if (column > high).any():
            said = f"datum.value >= {high} ? '≥ ' + datum.label : {said}"
        if (column < low).any():
            said = f"datum.value <= {low} ? '≤ ' + datum.label : {said}"
        return {"labelExpr": said}

    def _tooltip(self, name: str, encoding: Encoding) -> "alt.Tooltip":
        import altair as alt

        made: dict[str, Any] = {**_field(name, encoding), **_format(encoding)}
        if encoding.type == "temporal":
            days = unit_of(self.frame[name]) in ("utcyear", "utcyearmonth", "utcyearmonthdate")
            made["timeUnit"] = "utcyearmonthdate" if days else _FINEST
            made["format"] = encoding.format or (DATE if days else TIMESTAMP)
        elif encoding.type == "quantitative" and not encoding.format:
            made["format"] = _default_format(self.frame[name], 6)
        return alt.Tooltip(**made)


def unit_of(instants: "pl.Series") -> str:
    """The coarsest unit of time on whose beginnings all `instants` lie."""
    import polars as pl

    known = instants.drop_nulls().cast(pl.Datetime("ms"))
    whole = (unit for every, unit in _UNITS.items() if (known.dt.truncate(every) == known).all())
    return next(whole, _FINEST)


def _field(name: str, encoding: Encoding) -> dict[str, Any]:
    return {"field": name, "type": encoding.type, "title": one_line(encoding.label)}


def _quoted(text: str) -> str:
    """A Vega string literal; Vega-Lite replaces `datum.label` even inside of strings."""
    return json.dumps(one_line(text)).replace(".", "\\u002e")


def _scale(encoding: Encoding) -> dict[str, Any]:
    found = {"type": encoding.scale, "domain": encoding.domain, "zero": encoding.zero}
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in found.items()
        if value is not None
    }


def _format(encoding: Encoding) -> dict[str, Any]:
    if not encoding.format:
        return {}
    return {
        "format": encoding.format,
        **({"formatType": "number"} if encoding.type == "ordinal" else {}),
    }


def _default_format(column: "pl.Series", digits: int) -> str:
    return "," if column.dtype.is_integer() else f",.{digits}~r"
