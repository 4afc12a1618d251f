"""A mart's chart: its page is written, its picture shown in Dagster."""

import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipeline_platform.contracts.charts import Chart, ChartSubject
from pipeline_platform.declarations.tables import DeclaredTable

if TYPE_CHECKING:
    from pipeline_platform.wiring import Platform


def drawn(chart: Chart, table: DeclaredTable, platform: "Platform") -> dict[str, Any]:
    """Write the page over all rows of the table, and the index; picture and place of the page."""
    from pipeline_platform.charts.pages import Pages
    from pipeline_platform.lake.catalog import load

    pages = Pages(platform.pages)
    page = pages.write(
        chart, load(platform.lake, str(table.name), "polars"), _subject(table), platform.clock()
    )
    pages.index()
    picture = b64encode(page.picture).decode()
    return {
        "chart": dg.MetadataValue.md(f"![{_alternative(chart)}](data:image/png;base64,{picture})"),
        "page": dg.MetadataValue.path(str(platform.settings.pages / page.key)),
    }


def _alternative(chart: Chart) -> str:
    """The title as Markdown's alternative text, which ends at a bracket."""
    return re.sub(r"[\[\]\s\\]+", " ", chart.title)


def _subject(table: DeclaredTable) -> ChartSubject:
    about = table.about
    return ChartSubject(str(table.name), table.description, about.owner, about.domain)
