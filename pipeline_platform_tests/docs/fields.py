"""Tables of the YAML's fields, made from their models: `python -m ...docs.fields`."""

from collections.abc import Iterator

from pydantic import BaseModel

from pipeline_platform.contracts.verdicts import Reason
from pipeline_platform.declarations import chart_attributes as chart
from pipeline_platform.declarations import feature_attributes as feature
from pipeline_platform.declarations import model_attributes as model
from pipeline_platform.declarations import stream_attributes as stream
from pipeline_platform.declarations import table_attributes as table
from pipeline_platform.declarations import view_attributes as view

STREAM = {
    "attributes": stream.StreamAttributes,
    "landing": stream.LandingAttributes,
    "columns.<name>": stream.StreamColumn,
    "columns.<name>.rules[]": stream.ColumnRule,
    "rules[]": stream.RowRule,
}
MODEL = {
    "attributes": model.ModelAttributes,
    "partition": model.PartitionAttributes,
    "columns.<name>": model.ModelColumn,
    "inputs.<layer.table>": model.InputAttributes,
    "checks[]": model.Check,
}

TABLE = {
    "attributes": table.OperationalTableAttributes,
    "source": table.SourceAttributes,
    "columns.<name>": table.TableColumnAttributes,
}
CHART = {
    "chart": chart.ChartAttributes,
    "chart.x, y, color, size, row, tooltip[]": chart.EncodingAttributes,
}
VIEW = {
    "attributes": view.ViewAttributes,
    "columns.<name>": view.ViewColumn,
}
FEATURE = {
    "attributes": feature.FeatureSetAttributes,
    "spine": feature.SpineAttributes,
    "partition": feature.FeaturePartition,
    "groups[]": feature.FeatureGroup,
    "groups[].features.<name>": feature.FeatureAttributes,
}
PAGES = {
    "streams": STREAM,
    "tables": TABLE,
    "models": MODEL,
    "charts": CHART,
    "views": VIEW,
    "features": FEATURE,
}


def tables(models: dict[str, type[BaseModel]]) -> str:
    """One Markdown table per model."""
    return "\n\n".join("\n".join(_table(name, found)) for name, found in models.items())


def _table(name: str, found: type[BaseModel]) -> Iterator[str]:
    yield f"`{name}`:\n\n| field | default | meaning |\n|---|---|---|"
    for name, info in found.model_fields.items():
        field = info.alias or name
        default = (
            "required"
            if info.is_required()
            else _shown(info.get_default(call_default_factory=True))
        )
        yield f"| `{field}` | {default} | {info.description or 'See below.'} |"


def _shown(default: object) -> str:
    return "" if default in (None, "", [], {}) else f"`{default}`"


def reasons() -> str:
    """The names of all reasons."""
    return ", ".join(f"`{reason.value}`" for reason in Reason)


if __name__ == "__main__":
    for page, models in PAGES.items():
        print(f"=== docs/{page}.md\n\n{tables(models)}\n")
    print(reasons())
