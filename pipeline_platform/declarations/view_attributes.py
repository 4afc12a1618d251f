"""The YAML of a view, field by field."""

from typing import Literal

from pydantic import Field

from pipeline_platform.declarations.chart_attributes import ChartAttributes
from pipeline_platform.declarations.model_attributes import Check
from pipeline_platform.declarations.values import Asset, Attributes, Duration, Flag, Text


class ViewColumn(Attributes):
    """What the SQL cannot say about a column."""

    description: Text = Field(default="", description="What the value means, with its unit.")
    type: Text = Field(
        default="", description="Spark type, where it cannot be inferred from the SQL."
    )
    nullable: Flag = Field(default=True, description="Whether the value may be null.")
    personal: Text = Field(
        default="",
        description="Kind of personal data that the column holds, `none`, or nothing: as the "
        "columns that it is computed from.",
    )


class ViewAttributes(Asset):
    """A view over one stream, written in `view.sql` beside this file."""

    paths: Literal["batch", "speed", "both"] = Field(
        default="both",
        description="Who keeps the answer up: the nightly batch, the real-time path, or both. "
        "The answers are the same.",
    )
    columns: dict[str, ViewColumn] = Field(
        default_factory=dict, description="Descriptions and what the SQL cannot say."
    )
    checks: list[Check] = Field(
        default=[], description="Assertions over the answer, evaluated when the view is brought up."
    )
    chart: ChartAttributes | None = Field(
        default=None, description="How the answer is drawn, on the live page and in the UI."
    )
    freshness: Duration | None = Field(
        default=None, description="How old the answer may be before the UI complains."
    )
    refresh: Duration = Field(
        default="15m",
        description="Dagster brings the view up at most once in this time; the real-time path "
        "does so at every commit.",
    )
