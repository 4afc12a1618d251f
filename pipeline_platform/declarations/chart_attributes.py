"""The YAML of a chart, field by field."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from pipeline_platform.declarations.values import Attributes, Flag, Number, Scalar, Text, Whole

CHANNELS = ("x", "y", "color", "size", "row")


def _column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


class EncodingAttributes(Attributes):
    """One visual channel; a text alone is the column. Exactly one of column and expression."""

    column: Text = Field(default="", description="The column whose values are shown.")
    expression: Text = Field(
        default="",
        description="Arithmetic over columns instead: names, numbers, `+ - * /` and brackets. "
        "NULL and a division by zero give no value.",
        examples=["on_time / arrived"],
    )
    title: Text = Field(default="", description="Default: the column's name in words.")
    unit: Text = Field(
        default="", description="Unit, written after the title.", examples=["minutes"]
    )
    format: Text = Field(
        default="",
        description="How numbers (`,.0f`, `.1%`, `.2s`) or times (`%d %b %Y`) are written, in d3's "
        "words; times are UTC.",
        examples=[",.0f", ".1%", "%d %b %Y"],
    )
    type: Literal["quantitative", "temporal", "ordinal", "nominal"] | None = Field(
        default=None,
        description="Default, by the column's Spark type: numbers `quantitative` (`ordinal` in a "
        "heat map's axes and in rows), dates and timestamps `temporal`, all else `nominal`.",
    )
    sort: Text | list[Scalar] = Field(
        default="",
        description="`ascending`, `descending`, by a channel (`x`, `-y`), or all values in order. "
        "Default: bars of names longest first, all else ascending.",
        examples=["-x", ["low", "middle", "high"]],
    )
    aggregate: Literal["sum", "mean", "median", "min", "max", "count"] | None = Field(
        default=None,
        description="Aggregates the rows that agree in all encodings without one. An expression "
        "takes `sum`: the sums are taken first, so that a ratio is one of sums.",
    )
    zero: Flag | None = Field(default=None, description="Whether the scale contains zero.")
    scale: Literal["linear", "log", "symlog", "sqrt"] | None = Field(
        default=None, description="How numbers become lengths or colours; default `linear`."
    )
    domain: list[Number] | None = Field(
        default=None,
        min_length=2,
        max_length=2,
        description="Ends of the scale; colours beyond them are those of the ends.",
        examples=[[0, 1]],
    )
    middle: Number | None = Field(
        default=None, description="Colour: the neutral value of a scale that diverges from it."
    )

    @model_validator(mode="after")
    def _one(self) -> "EncodingAttributes":
        if bool(self.column) == bool(self.expression):
            raise ValueError("an encoding is exactly one of `column` and `expression`")
        return self


Encoding = Annotated[
    EncodingAttributes,
    BeforeValidator(_column, json_schema_input_type=str | EncodingAttributes),
]


class ChartAttributes(Attributes):
    """A chart of the table, drawn on a page of its own."""

    title: Text = Field(min_length=1, description="What the chart shows, in a few words.")
    subtitle: Text = Field(default="", description="What the title leaves out: measure, period.")
    mark: Literal["bar", "line", "area", "point", "heatmap"] = Field(
        description="How rows are drawn."
    )
    x: Encoding = Field(description="Across.")
    y: Encoding = Field(description="Upwards.")
    color: Encoding | None = Field(
        default=None, description="Colour: one per name, or a scale for numbers."
    )
    size: Encoding | None = Field(default=None, description="Area of points.")
    row: Encoding | None = Field(
        default=None, description="One small chart for each value, one beneath the other."
    )
    tooltip: list[Encoding] = Field(
        default=[], description="What the pointer shows beside all that is drawn."
    )
    labels: Flag = Field(default=False, description="Writes the values at the bars.")
    stack: Literal["zero", "normalize", "none"] | None = Field(
        default=None,
        description="Bars and areas of several colours: one upon the other (default), as shares, "
        "or overlaid.",
    )
    height: Whole | None = Field(
        default=None,
        gt=0,
        le=4000,
        description="Height in pixels, of each row; default: by the mark.",
    )

    @model_validator(mode="after")
    def _fits(self) -> "ChartAttributes":
        if self.mark == "heatmap" and self.color is None:
            raise ValueError("a heatmap shows a value by `color`")
        if self.size is not None and self.mark != "point":
            raise ValueError("only points have a `size`")
        if self.labels and self.mark != "bar":
            raise ValueError("only bars have `labels`")
        if self.stack is not None and self.mark not in ("bar", "area"):
            raise ValueError("only bars and areas `stack`")
        return self
