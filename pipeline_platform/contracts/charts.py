"""A chart of a mart as a value: what is drawn, and how it is written."""

from typing import Literal

from msgspec import Struct

from pipeline_platform.contracts.types import INTEGERS, DataType

Mark = Literal["bar", "line", "area", "point", "heatmap"]
Measure = Literal["quantitative", "temporal", "ordinal", "nominal"]
Aggregate = Literal["sum", "mean", "median", "min", "max", "count"]

_NUMBERS = {*INTEGERS, "float", "double", "decimal"}


class Encoding(Struct, frozen=True, forbid_unknown_fields=True):
    """One visual channel: which value it shows and how that value is written.

    Exactly one of `column` and `expression` (names, numbers, `+ - * /` and brackets) is
    given. `sort` is `ascending`, `descending`, a channel (`x`, `-y`) or all values in order;
    `domain` the ends of the scale, `middle` the neutral value of a diverging colour scale.
    """

    title: str
    type: Measure
    column: str = ""
    expression: str = ""
    unit: str = ""
    format: str = ""
    sort: str | tuple[str | int | float, ...] = ""
    aggregate: Aggregate | None = None
    zero: bool | None = None
    scale: Literal["linear", "log", "symlog", "sqrt"] | None = None
    domain: tuple[float, float] | None = None
    middle: float | None = None

    @property
    def label(self) -> str:
        """Title with unit, as axes, legends and tooltips show it."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


class Chart(Struct, frozen=True, forbid_unknown_fields=True):
    """One chart; `row` makes small multiples, `tooltip` shows values beside the drawn ones.

    `height` is in pixels, of each small multiple where there are several; 0 is by the mark.
    `labels` writes the values at the bars.
    """

    title: str
    mark: Mark
    x: Encoding
    y: Encoding
    subtitle: str = ""
    color: Encoding | None = None
    size: Encoding | None = None
    row: Encoding | None = None
    tooltip: tuple[Encoding, ...] = ()
    height: int = 0
    labels: bool = False
    stack: Literal["zero", "normalize", "none"] | None = None

    @property
    def channels(self) -> dict[str, Encoding]:
        """The encodings given, by channel, without tooltips."""
        found = {"row": self.row, "x": self.x, "y": self.y, "color": self.color, "size": self.size}
        return {name: encoding for name, encoding in found.items() if encoding is not None}

    @property
    def encodings(self) -> tuple[Encoding, ...]:
        """All encodings, tooltips last."""
        return (*self.channels.values(), *self.tooltip)


class ChartSubject(Struct, frozen=True, forbid_unknown_fields=True):
    """What a page says about the table that its chart shows."""

    table: str
    description: str
    owner: str
    domain: str


def measure_of(kind: DataType) -> Measure | None:
    """How values of a type are shown unless said otherwise; None where they cannot be."""
    if kind.name in _NUMBERS:
        return "quantitative"
    if kind.name in ("date", "timestamp"):
        return "temporal"
    return "nominal" if kind.name in ("string", "boolean") else None
