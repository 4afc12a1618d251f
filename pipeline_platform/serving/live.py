"""What a live page shows of one version: its standing, its chart, its newest rows."""

from threading import Lock
from typing import TYPE_CHECKING, Any

from pipeline_platform.contracts.charts import Chart
from pipeline_platform.contracts.types import DataType
from pipeline_platform.errors import Abort, PlatformError
from pipeline_platform.serving import encoding
from pipeline_platform.serving.answers import About, Answer
from pipeline_platform.serving.asked import TEMPORAL, Asked
from pipeline_platform.serving.default_chart import default_chart
from pipeline_platform.serving.described import stands

if TYPE_CHECKING:
    import polars as pl

MOST_DRAWN = 200_000
_LISTED = 30


class Charts:
    """Made once per view and version, however many pages show it."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[str, bytes]] = {}
        self._lock = Lock()

    def of(self, answer: Answer) -> bytes:
        """JSON: `view`, its standing, `title`, `specification` or `problem`, `columns`, `rows`."""
        name, tag = answer.about.name, answer.standing.tag
        with self._lock:
            if name not in self._made or self._made[name][0] != tag:
                self._made[name] = tag, encoding.encode(shown(answer))
            return self._made[name][1]


def shown(answer: Answer) -> dict[str, Any]:
    """The values of `Charts.of`; `specification` is Vega-Lite, its data named `rows`."""
    about = answer.about
    frame = answer.rows(Asked(), 0, MOST_DRAWN + 1)
    chart = about.chart or default_chart(about, frame)
    said = {"view": about.name, "description": about.description, **stands(answer.standing)}
    listed = _newest(about, frame)
    return {
        **said,
        "title": chart.title if chart else about.name,
        "subtitle": chart.subtitle if chart else "",
        **_drawn(about, chart, frame),
        "columns": listed.columns,
        "rows": encoding.rows(listed),
        "count": len(frame),
    }


def _drawn(about: About, chart: Chart | None, frame: "pl.DataFrame") -> dict[str, Any]:
    if chart is None:
        return {"problem": "No chart is declared, and no column says what to draw."}
    if not len(frame):
        return {"problem": "The view holds no rows yet."}
    try:
        return {"specification": _specification(about, chart, frame)}
    except PlatformError as error:
        return {"problem": error.render()}


def _specification(about: About, chart: Chart, frame: "pl.DataFrame") -> dict[str, Any]:
    from pipeline_platform.charts.specification import specification

    if len(frame) > MOST_DRAWN:
        raise Abort(
            f"the view {about.name} has more than {MOST_DRAWN:,} rows to draw",
            known="a live page reads all rows that its chart shows",
            remedy="ask for its rows by key, or declare a view of fewer groups for the page",
        )
    made = specification(chart, frame)
    said = {k: v for k, v in made.items() if k not in ("title", "$schema", "config")}
    return {**said, "data": {"name": "rows", **made["data"]}}


def _newest(about: About, frame: "pl.DataFrame") -> "pl.DataFrame":
    """Some rows to read: the last by the first time key, or the first of all.

    Columns that hold personal data are left out.
    """
    kinds = {column.name: DataType.parse(column.type).name for column in about.columns}
    time = next((key for key in about.keys if kinds[key] in TEMPORAL), None)
    if time is None:
        found = frame
    else:
        found = frame.sort(time, descending=True, nulls_last=True, maintain_order=True)
    return found.head(_LISTED).select(c.name for c in about.columns if not c.personal)
