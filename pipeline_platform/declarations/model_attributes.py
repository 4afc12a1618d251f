"""The YAML of a SQL or Python model, field by field."""

from typing import Literal

from pydantic import Field, model_validator

from pipeline_platform.declarations.chart_attributes import ChartAttributes
from pipeline_platform.declarations.stream_attributes import Bounds
from pipeline_platform.declarations.values import (
    Asset,
    Attributes,
    Day,
    Duration,
    Flag,
    Scalar,
    Text,
    Whole,
)

KINDS = ("not_null", "unique", "accepted_values", "range", "reference", "expression")


class PartitionAttributes(Attributes):
    """How the table is cut into days."""

    column: Text = Field(description="The date column whose value is the partition.")
    timezone: Text = Field(
        default="UTC",
        description="Zone in which the days of `column` are meant. Where it differs from an "
        "input's zone, a day reads all days of the input that it spans.",
        examples=["America/New_York"],
    )
    start: Day | None = Field(
        default=None, description="First day; default: the first that the inputs can fill."
    )
    end: Day | None = Field(
        default=None, description="First day after the last; default: as the inputs."
    )


class InputAttributes(Attributes):
    """Which days of an input a day of this table reads."""

    days_before: Whole = Field(default=0, ge=0, description="Days before the day itself.")
    days_after: Whole = Field(default=0, ge=0, description="Days after the day itself.")


class ModelColumn(Attributes):
    """What the SQL cannot say about a column."""

    description: Text = Field(default="", description="What the value means, with its unit.")
    type: Text = Field(
        default="",
        description="Spark type, where it cannot be inferred from the SQL; required for Python.",
    )
    nullable: Flag = Field(default=True, description="Whether the value may be null.")
    personal: Text = Field(
        default="",
        description="Kind of personal data that the column holds, `none`, or nothing: as the "
        "column that it is taken from.",
    )
    sources: list[Text] = Field(
        default=[],
        description="Python models: the columns that it is computed from.",
        examples=[["serving.flights.carrier"]],
    )


class AcceptedValues(Attributes):
    """A column and all values that it may take."""

    column: Text = Field(description="The column checked; NULL passes.")
    values: list[Scalar] = Field(min_length=1, description="All values allowed.")


class ColumnRange(Bounds):
    """A column and the inclusive range of its values."""

    column: Text = Field(description="The column checked; NULL passes.")


class Reference(Attributes):
    """Columns whose values must be found in another table."""

    columns: list[Text] = Field(min_length=1, description="Columns of this table; NULL passes.")
    to: Text = Field(
        description="Where the values must exist: `layer.table(column, ...)`.",
        examples=["warehouse.dim_carrier(carrier)"],
    )


class Check(Attributes):
    """One assertion over the table. Exactly one kind is given."""

    not_null: list[Text] | None = Field(default=None, description="Columns that are never NULL.")
    unique: list[Text] | None = Field(
        default=None, description="Columns that together name a row at most once."
    )
    accepted_values: AcceptedValues | None = Field(default=None, description="Values of a column.")
    range: ColumnRange | None = Field(default=None, description="Bounds of a column's values.")
    reference: Reference | None = Field(
        default=None, description="Values that must exist in another table."
    )
    expression: Text | None = Field(
        default=None, description="Spark SQL over a row, true for a good one; NULL passes."
    )
    name: Text = Field(default="", description="Default: the kind and the columns.")
    blocking: Flag = Field(
        default=False, description="Whether a failure stops the tables downstream."
    )
    severity: Literal["error", "warn"] = Field(
        default="error", description="How a failure is shown; only an error can block."
    )

    @model_validator(mode="after")
    def _one(self) -> "Check":
        if sum(getattr(self, kind) is not None for kind in KINDS) != 1:
            raise ValueError(f"a check is exactly one of {', '.join(KINDS)}")
        return self

    @property
    def kind(self) -> str:
        """Which of the kinds this check is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)


class ModelAttributes(Asset):
    """A table computed by `model.sql` (or `model.py`) beside this file."""

    layer: Literal["warehouse", "mart", "feature"] = Field(description="Layer of the table.")
    partition: PartitionAttributes | None = Field(
        default=None,
        description="Cuts the table into days, computed for a window `:start` (inclusive) to "
        "`:end` (exclusive). Without it the whole table is computed each time.",
    )
    columns: dict[str, ModelColumn] = Field(
        default_factory=dict, description="Descriptions and what the SQL cannot say."
    )
    inputs: dict[str, InputAttributes] = Field(
        default_factory=dict,
        description="Tables read, where the days differ from the table's own day. A Python model "
        "names all its tables here.",
    )
    checks: list[Check] = Field(
        default=[], description="Assertions, evaluated with the table in one scan."
    )
    chart: ChartAttributes | None = Field(
        default=None, description="Marts: how the table is drawn, on a page of its own."
    )
    freshness: Duration | None = Field(
        default=None, description="How old the last computation may be before the UI complains."
    )
    refresh: Duration = Field(
        default="15m", description="The current day is computed at most once in this time."
    )
