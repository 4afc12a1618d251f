"""The YAML of a feature set, field by field."""

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from pipeline_platform.declarations.model_attributes import Check
from pipeline_platform.declarations.values import Asset, Attributes, Duration, Flag, Text, Whole

FUNCTIONS = ("latest", "count", "sum", "mean", "min", "max")


class SpineAttributes(Attributes):
    """The rows that get features."""

    table: Text = Field(
        description="Table whose rows get features.", examples=["warehouse.fact_flight"]
    )
    at: Text = Field(
        description="Spark SQL over its columns, a timestamp: the instant for which the features "
        "are wanted. Nothing that was not known then is used.",
        examples=["scheduled_at"],
    )
    columns: list[Text] = Field(
        min_length=1, description="Columns that are kept: what identifies a row, labels, the day."
    )
    where: Text = Field(
        default="", description="Spark SQL over its columns; only rows where it holds are taken."
    )


def _latest(value: object) -> object:
    return {"latest": value} if isinstance(value, str) else value


class FeatureAttributes(Attributes):
    """One feature; a text alone means `latest`. Exactly one function is given."""

    latest: Text | None = Field(
        default=None, description="The value that the latest known row has; may be NULL."
    )
    count: Text | None = Field(
        default=None, description="Rows of the window where it is not NULL; `*`: all rows."
    )
    sum: Text | None = Field(default=None, description="Sum over the window; 0 without rows.")
    mean: Text | None = Field(default=None, description="Mean over the window, or NULL.")
    min: Text | None = Field(default=None, description="Least over the window, or NULL.")
    max: Text | None = Field(default=None, description="Greatest over the window, or NULL.")
    description: Text = Field(default="", description="What the value means, with its unit.")
    type: Text = Field(
        default="", description="Spark type of the expression, where it cannot be inferred."
    )
    personal: Text = Field(
        default="",
        description="Kind of personal data, `none`, or nothing: as the columns it is taken from.",
    )

    @model_validator(mode="after")
    def _one(self) -> "FeatureAttributes":
        if sum(getattr(self, name) is not None for name in FUNCTIONS) != 1:
            raise ValueError(f"a feature is exactly one of {', '.join(FUNCTIONS)}")
        return self

    @property
    def function(self) -> str:
        """Which of the functions it is."""
        return next(name for name in FUNCTIONS if getattr(self, name) is not None)

    @property
    def expression(self) -> str:
        """What the function is taken of: Spark SQL over the group's table."""
        return str(getattr(self, self.function))


Feature = Annotated[
    FeatureAttributes,
    BeforeValidator(_latest, json_schema_input_type=str | FeatureAttributes),
]


class FeatureGroup(Attributes):
    """Features from one table: of its latest known row, or over a window of its rows."""

    table: Text = Field(description="Table that the values come from.")
    keys: dict[Text, Text] | list[Text] = Field(
        min_length=1,
        description="What finds the rows of a spine row: column of the spine's table to column "
        "of this one, or the names of columns that both have. NULL finds nothing.",
    )
    event_ts: Text = Field(description="Spark SQL, a timestamp: when the row's event happened.")
    available_at: Text = Field(
        description="Spark SQL, a timestamp: since when the row could be known."
    )
    window: Duration | None = Field(
        default=None,
        description="Length w of the window [T - w, T) of event times; without it, the latest "
        "row known at T is taken.",
    )
    lag: Duration = Field(
        default="0s", description="T is this long before the spine's instant: known by then."
    )
    ttl: Duration | None = Field(
        default=None, description="A latest row older than this at T gives NULL."
    )
    inclusive: Flag = Field(
        default=True, description="Whether a latest row of the very instant T counts."
    )
    days_before: Whole | None = Field(
        default=None,
        ge=0,
        description="How many days before the spine's day rows may lie that count; default: "
        "window or ttl plus lag, in whole days. More where rows lie in an earlier partition than "
        "their event.",
    )
    days_after: Whole = Field(
        default=0,
        ge=0,
        description="How many days after it, where rows lie in a later partition than their event.",
    )
    features: dict[str, Feature] = Field(min_length=1, description="The features by name.")


class FeaturePartition(Attributes):
    """How the table is cut into days."""

    column: Text = Field(
        description="A date among the kept columns: the column that cuts the spine's table."
    )


class FeatureSetAttributes(Asset):
    """Features of every row of a spine, as they were known at its instant."""

    spine: SpineAttributes = Field(description="The rows that get features.")
    partition: FeaturePartition | None = Field(
        default=None, description="Cuts the table into days; without it all is computed each time."
    )
    groups: list[FeatureGroup] = Field(
        min_length=1, description="Where features come from, one entry per table and window."
    )
    checks: list[Check] = Field(
        default=[],
        description="Further assertions, as of models. `spine_kept` and `no_leaks` are always "
        "there and block.",
    )
    freshness: Duration | None = Field(
        default=None, description="How old the last computation may be before the UI complains."
    )
    refresh: Duration = Field(
        default="15m", description="The current day is computed at most once in this time."
    )
