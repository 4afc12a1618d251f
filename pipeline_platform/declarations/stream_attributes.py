"""The YAML of a stream, field by field."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

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

OnFail = Annotated[
    Literal["refuse", "warn"],
    Field(description="`refuse` sets the row aside with its reason; `warn` accepts and counts it."),
]


class LandingAttributes(Attributes):
    """Where objects of the stream land and how they are written."""

    prefix: Text = Field(
        pattern=r"^[^/].*/$",
        description="Prefix under the landing store, ending in a slash.",
        examples=["aviation/flights/"],
    )
    format: Literal["ndjson", "json", "csv", "text"] = Field(
        default="ndjson",
        description="`ndjson`: one JSON object per line; `json`: JSON objects one after another, "
        "with or without a delimiter; `csv`: with a header; `text`: lines matched by `pattern`. "
        "Each may be gzip, which is recognised.",
    )
    settle: Duration = Field(
        default="0s",
        description="How long an object must rest unchanged before it is seen; for writers that "
        "do not write under a temporary name and rename.",
    )
    delimiter: Text = Field(default=",", min_length=1, max_length=1, description="CSV: delimiter.")
    quote: Text = Field(default='"', min_length=1, max_length=1, description="CSV: quote.")
    null_values: list[Text] = Field(
        default=[""], description="CSV and text: unquoted tokens that mean NULL."
    )
    pattern: Text = Field(
        default="", description="Text: a regular expression with one named group per field."
    )
    max_row_bytes: Whole = Field(
        default=1 << 20, gt=0, description="A longer row is refused as `too_long`."
    )
    max_object_bytes: Whole = Field(
        default=16 << 30,
        gt=0,
        description="What lies beyond this many decompressed bytes of an object is refused.",
    )


class Bounds(Attributes):
    """An inclusive range; at least one bound is given."""

    min: Scalar | None = Field(default=None, description="Smallest value allowed.")
    max: Scalar | None = Field(default=None, description="Largest value allowed.")

    @model_validator(mode="after")
    def _some(self) -> "Bounds":
        if self.min is None and self.max is None:
            raise ValueError("a range needs `min`, `max` or both")
        return self


class ColumnRule(Attributes):
    """One condition on one column; NULL passes. Exactly one kind is given."""

    range: Bounds | None = Field(default=None, description="The value lies within min and max.")
    accepted_values: list[Scalar] | None = Field(
        default=None, min_length=1, description="The value is one of these."
    )
    pattern: Text | None = Field(
        default=None, description="The whole value matches this regular expression."
    )
    name: Text = Field(default="", description="Default: the column and the kind of rule.")
    on_fail: OnFail = "refuse"

    @model_validator(mode="after")
    def _one(self) -> "ColumnRule":
        given = [k for k in ("range", "accepted_values", "pattern") if getattr(self, k) is not None]
        if len(given) != 1:
            raise ValueError("a rule is exactly one of `range`, `accepted_values`, `pattern`")
        return self


class RowRule(Attributes):
    """A condition over the columns of one row; NULL passes."""

    name: Text = Field(description="Short name, shown with the rows that it refuses.")
    expression: Text = Field(
        description="Spark SQL over the columns of the row, true for a good row.",
        examples=["arr_time >= dep_time"],
    )
    on_fail: OnFail = "refuse"


class StreamColumn(Attributes):
    """A typed column of the contract."""

    type: Text = Field(
        description="Spark type: string, boolean, int, bigint, double, decimal(10,2), date, "
        "timestamp, array<...>, struct<name:type,...>.",
        examples=["bigint"],
    )
    description: Text = Field(min_length=1, description="What the value means, with its unit.")
    nullable: Flag = Field(default=True, description="Whether the value may be null or absent.")
    personal: Text = Field(
        default="",
        description="Kind of personal data that the column holds, or nothing.",
        examples=["email"],
    )
    source: Text = Field(
        default="", description="The field's name in the object, where it differs."
    )
    format: Text = Field(
        default="",
        description="How a date or timestamp is written: nothing for ISO 8601, `epoch_s`, "
        "`epoch_ms`, `epoch_us`, or strftime directives.",
    )
    zone: Text = Field(
        default="",
        description="Zone of timestamps that are written without one; without it they are refused.",
        examples=["America/New_York"],
    )
    rules: list[ColumnRule] = Field(default=[], description="Conditions on the value.")


class StreamAttributes(Asset):
    """A stream: objects that land, the contract of their rows, and how they become a table."""

    landing: LandingAttributes
    columns: dict[str, StreamColumn] = Field(
        min_length=1, description="The contract: every column by name, in the table's order."
    )
    start: Day = Field(description="First event day (UTC); earlier rows are refused.")
    end: Day | None = Field(
        default=None,
        description="First day after the last, for a closed data set; it then has neither "
        "freshness nor lag check.",
    )
    event_id: list[Text] = Field(
        default=[],
        description="Columns that identify an event within its day; repeats are dropped at any "
        "age. Without them an event is known by its object's content and its place in it.",
    )
    event_time: Text = Field(
        default="",
        description="Spark SQL expression of type timestamp over the columns: when the event "
        "happened. Without it rows are stored by the day on which they arrived.",
        examples=["time_hour", "timestamp_millis(sent_ms)"],
    )
    skew: Duration = Field(
        default="1h", description="How far an event time may lie after the arrival."
    )
    unknown_fields: Literal["keep", "drop", "refuse"] = Field(
        default="refuse",
        description="Fields that the contract does not name: `keep` them in `_extra`, `drop` "
        "them, or `refuse` the row.",
    )
    rules: list[RowRule] = Field(default=[], description="Conditions over whole rows.")
    freshness: Duration | None = Field(
        default=None,
        description="How old the newest data may be before the UI and the lag check complain; "
        "only for streams without `end`. Default there: 1d.",
    )
