"""The chart of a view that declares none, chosen by the types of its columns."""

from collections.abc import Sequence

from pipeline_platform.contracts.charts import Aggregate, Chart, Encoding, measure_of
from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.types import INTEGERS, DataType
from pipeline_platform.serving.answers import About


def default_chart(about: About) -> Chart | None:
    """A line over the first time key, else bars by the first key; None without a number.

    Columns that hold personal data are not drawn. The number is the first that is no key.
    Rows that fall on one mark, because the view has more keys than the chart shows, are
    summed where they are integers, else averaged.
    """
    shown = [column for column in about.columns if not column.personal]
    keys = [column for column in shown if column.name in about.keys]
    number = next((c for c in shown if c not in keys and _is(c, "quantitative")), None)
    time = next((c for c in keys if _is(c, "temporal")), None)
    names = [c for c in keys if _is(c, "nominal")]
    if number is None or not (time or names):
        return None
    drawn = [time, *names[:1]] if time else names[:2]
    folded = _folded(number) if len(about.keys) > len(drawn) else None
    value = Encoding(_words(number.name), "quantitative", number.name, aggregate=folded, zero=True)
    title, color = _words(about.name), _color(names, bool(time))
    if time:
        x = Encoding(_words(time.name), "temporal", time.name)
        return Chart(title, "line", x, value, color=color)
    y = Encoding(_words(names[0].name), "nominal", names[0].name, sort="-x")
    return Chart(title, "bar", value, y, color=color)


def _color(names: Sequence[TableColumn], timed: bool) -> Encoding | None:
    found = names[:1] if timed else names[1:2]
    return Encoding(_words(found[0].name), "nominal", found[0].name) if found else None


def _folded(column: TableColumn) -> Aggregate:
    return "sum" if DataType.parse(column.type).name in INTEGERS else "mean"


def _is(column: TableColumn, measure: str) -> bool:
    return measure_of(DataType.parse(column.type)) == measure


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
