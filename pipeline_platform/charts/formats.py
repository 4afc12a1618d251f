"""Number and time formats of d3: which are right, and how a table shows them."""

import re

from pipeline_platform.contracts.charts import Encoding, Measure
from pipeline_platform.errors import DeclarationError

_NUMBER = re.compile(
    r"(?:.?[<>=^])?[+\-( ]?[$#]?0?(?P<width>\d+)?(?P<comma>,)?"
    r"(?P<digits>\.(?:0|[1-9]\d?))?(?P<trim>~)?(?P<kind>[efgrs%pbodxXcn]?)"
)
_DIRECTIVES = "aAbBcdefgGHIjLmMpqQsSuUVwWxXyYZ%"
_TIME = re.compile(rf"(?:[^%]|%[-_0]?[{_DIRECTIVES}])+")
DATE = "%d %b %Y"
TIMESTAMP = "%d %b %Y, %H:%M UTC"


def check_format(text: str, measure: Measure, *, where: str = "") -> None:
    """Raises DeclarationError unless `text` is a d3 format of values of this measure."""
    if measure == "nominal":
        raise _refused(text, where, "texts have no format", "remove `format`")
    if measure == "temporal":
        if not _TIME.fullmatch(text) or "%" not in text:
            raise _refused(
                text,
                where,
                f"d3 time formats: text with directives such as %Y %m %d %H %M %b ({_DIRECTIVES})",
                "write it so, for example '%d %b %Y'",
            )
    elif not _NUMBER.fullmatch(text):
        raise _refused(
            text,
            where,
            "d3 number formats: [[fill]align][sign][symbol][0][width][,][.digits][~][type]",
            "write it so, for example ',.0f', '.1%' or '.2s'",
        )


def written(value: object, encoding: Encoding) -> str:
    """A value of the chart's data as a table shows it; '' for none."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return _number(value, encoding.format)


def _number(value: int | float, text: str) -> str:
    found = _NUMBER.fullmatch(text) if text else None
    if found and found["kind"] in ("f", "%") and not found["trim"]:
        return format(value, f"{found['comma'] or ''}{found['digits'] or '.6'}{found['kind']}")
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}" if found and found["comma"] else str(int(value))
    return f"{value:.6g}"


def _refused(text: str, where: str, known: str, remedy: str) -> DeclarationError:
    return DeclarationError(
        f"format {text!r} does not fit", where=where, known=known, remedy=remedy
    )
