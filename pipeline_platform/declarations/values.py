"""Words and values that the YAML of every component shares."""

import re
from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, WithJsonSchema

_DURATION = r"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$"
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def seconds(duration: str) -> float:
    """Seconds in a duration such as `500ms`, `30s`, `15m`, `1h` or `2d`."""
    number, unit = re.fullmatch(r"([0-9.]+)([a-z]+)", duration).groups()  # type: ignore[union-attr]
    return float(number) * _UNITS[unit]


def interval(duration: str) -> timedelta:
    """A duration as a timedelta."""
    return timedelta(seconds=seconds(duration))


def _duration(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(_DURATION, value):
        raise ValueError("a duration is a number and ms, s, m, h or d, such as 15m")
    return value


def _iso(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(_DATE, value):
        raise ValueError("a date is written YYYY-MM-DD")
    return date.fromisoformat(value) if isinstance(value, str) else value


Text = Annotated[str, Strict()]
Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
Scalar = Text | Whole | Number
Day = Annotated[date, BeforeValidator(_iso), WithJsonSchema({"type": "string", "pattern": _DATE})]
Duration = Annotated[
    str,
    Strict(),
    BeforeValidator(_duration),
    WithJsonSchema(
        {"type": "string", "pattern": _DURATION, "examples": ["30s", "15m", "1h", "2d"]}
    ),
]
Owner = Annotated[
    str,
    Strict(),
    Field(pattern=r"^(team:[^@\s]+|[^@\s]+@[^@\s]+)$", examples=["team:aviation", "ana@acme.org"]),
]


class Attributes(BaseModel):
    """A mapping in YAML; keys that it does not know are refused."""

    model_config = ConfigDict(extra="forbid")


class Asset(Attributes):
    """What every declared table says about itself."""

    description: Text = Field(min_length=1, description="What one row is and what it is good for.")
    owner: Owner = Field(description="Who answers for the table: `team:name` or an e-mail address.")
    name: Text = Field(default="", description="Name of the table; default: the folder's name.")
    domain: Text = Field(
        default="", description="Data domain, shown as a tag; default: the folder above."
    )
    tags: dict[str, Text] = Field(
        default_factory=dict, description="Further tags of the assets, for filtering in the UI."
    )
