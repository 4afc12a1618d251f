"""Dates and timestamps from text, strictly: ISO 8601 or declared directives."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from pipeline_platform.contracts.verdicts import Reason
from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.ingest.json_strict import Fault

EPOCH_UNITS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
ISO_DATE = "%Y-%m-%d"
_ISO = re.compile(
    r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})[T ]"
    r"(?P<H>[0-9]{2}):(?P<M>[0-9]{2}):(?P<S>[0-9]{2})(?:\.(?P<f>[0-9]+))?"
    r"(?P<z>Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_LONG_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DIRECTIVES = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r"(?P<m>[0-9]{2})",
    "d": r"(?P<d>[0-9]{2})",
    "e": r"(?P<d>[ 0-9]?[0-9])",
    "j": r"(?P<j>[0-9]{3})",
    "b": f"(?P<b>{'|'.join(_MONTHS)})",
    "B": f"(?P<B>{'|'.join(_LONG_MONTHS)})",
    "a": "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)",
    "A": "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)",
    "H": r"(?P<H>[0-9]{2})",
    "I": r"(?P<I>[0-9]{2})",
    "p": r"(?P<p>AM|PM|am|pm)",
    "M": r"(?P<M>[0-9]{2})",
    "S": r"(?P<S>[0-9]{2})",
    "f": r"(?P<f>[0-9]+)",
    "z": r"(?P<z>Z|[+-][0-9]{2}(?::?[0-9]{2})?)",
    "%": "%",
}
_SHORTHANDS = {"%F": "%Y-%m-%d", "%T": "%H:%M:%S", "%R": "%H:%M", "%D": "%m/%d/%y"}
_DATE_ONLY = frozenset("Ymdy") | frozenset("jbBe")
_START = datetime(1970, 1, 1, tzinfo=UTC)
LEAST = -62_135_596_800_000_000  # 0001-01-01T00:00:00Z in microseconds
MOST = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z
_MICROSECOND = timedelta(microseconds=1)

Fields = dict[str, str | None]


def timestamp_reader(pattern: str, zone: str, *, where: str) -> Callable[[str], int]:
    """From text to microseconds since 1970 UTC; `pattern` empty means ISO 8601.

    A local time that the zone's clock shows twice is the earlier one; one that it never
    shows is refused. An offset in the text goes before `zone`.
    """
    expression = directives(pattern, where=where) if pattern else _ISO
    local = _zone(zone, where)
    shape = pattern or "ISO 8601 (2024-05-06T07:08:09.123456Z)"

    def read(text: str) -> int:
        match = expression.fullmatch(text)
        if not match:
            raise Fault(Reason.WRONG_TYPE, f"{text[:80]!r} is no timestamp written as {shape}")
        return _instant(text, match.groupdict(), local)

    return read


def date_reader(pattern: str, *, where: str) -> Callable[[str], int]:
    """From text to days since 1970-01-01; `pattern` empty means `YYYY-MM-DD`."""
    expression = directives(pattern or ISO_DATE, where=where)

    def read(text: str) -> int:
        match = expression.fullmatch(text)
        if not match:
            shape = pattern or "YYYY-MM-DD"
            raise Fault(Reason.WRONG_TYPE, f"{text[:80]!r} is no date written as {shape}")
        return _day(text, match.groupdict()).toordinal() - date(1970, 1, 1).toordinal()

    return read


def from_epoch(number: int, unit: int) -> int:
    """Microseconds since 1970 for a count of units of `unit` microseconds."""
    instant = number * unit
    if not LEAST <= instant <= MOST:
        raise Fault(Reason.OUT_OF_RANGE, f"{str(number)[:40]} lies outside the years 1 to 9999")
    return instant


def directives(pattern: str, *, where: str) -> re.Pattern[str]:
    """The expression for strftime directives; digits are counted, names are English."""
    for short, long in _SHORTHANDS.items():
        pattern = pattern.replace(short, long)
    parts = re.split(r"(%.)", pattern)
    for part in parts:
        if part.startswith("%") and part[1:] not in _DIRECTIVES:
            raise UnknownName("directive", part, ["%" + d for d in _DIRECTIVES], where=where)
    text = "".join(
        _DIRECTIVES[part[1:]] if part.startswith("%") else re.escape(part) for part in parts
    )
    try:
        return re.compile(text)
    except re.error:
        raise DeclarationError(
            f"the format {pattern!r} names a part twice",
            where=where,
            known="every directive may occur once",
            remedy="write each part of the date once",
        ) from None


def _zone(name: str, where: str) -> ZoneInfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise DeclarationError(
            f"unknown time zone {name!r}",
            where=where,
            known="names of the IANA time zone database, such as UTC or America/New_York",
            remedy="write the zone in which the source's clock runs",
        ) from None


def _day(text: str, parts: Fields) -> date:
    try:
        year = int(parts.get("Y") or _century(parts.get("y")))
        if day_of_year := parts.get("j"):
            day = date(year, 1, 1) + timedelta(days=int(day_of_year) - 1)
            if day.year != year:
                raise ValueError
            return day
        return date(year, _month(parts), int(parts.get("d") or 1))
    except (ValueError, OverflowError):
        raise Fault(Reason.OUT_OF_RANGE, f"there is no day {text[:80]!r}") from None


def _century(year: str | None) -> int:
    if year is None:
        return 1900
    return int(year) + (1900 if int(year) >= 69 else 2000)


def _month(parts: Fields) -> int:
    if name := parts.get("b"):
        return _MONTHS.index(name) + 1
    if name := parts.get("B"):
        return _LONG_MONTHS.index(name) + 1
    return int(parts.get("m") or 1)


def _hour(parts: Fields) -> int:
    if "I" not in parts:
        return int(parts.get("H") or 0)
    hour = int(parts["I"] or 0)
    if not 1 <= hour <= 12:
        raise ValueError
    return hour % 12 + (12 if (parts.get("p") or "AM").upper() == "PM" else 0)


def _instant(text: str, parts: Fields, local: ZoneInfo | None) -> int:
    day, fraction = _day(text, parts), parts.get("f") or ""
    if len(fraction) > 6:
        raise Fault(Reason.OUT_OF_RANGE, f"{text[:80]!r} is finer than microseconds")
    micro = int(fraction.ljust(6, "0"))
    try:
        minute, second = int(parts.get("M") or 0), int(parts.get("S") or 0)
        naive = datetime(day.year, day.month, day.day, _hour(parts), minute, second, micro)  # noqa: DTZ001
        zone = _offset(parts.get("z"))
    except ValueError:
        raise Fault(Reason.OUT_OF_RANGE, f"there is no such time of day: {text[:80]!r}") from None
    if zone is None and local is not None:
        return _localised(text, naive, local)
    if zone is None:
        raise Fault(
            Reason.WRONG_TYPE,
            f"{text[:80]!r} has no offset; declare the column's zone if its clock is known",
        )
    instant = (naive.replace(tzinfo=UTC) - _START) // _MICROSECOND
    return _within(text, instant - zone.utcoffset(None) // _MICROSECOND)


def _localised(text: str, naive: datetime, local: ZoneInfo) -> int:
    offset = naive.replace(tzinfo=local).utcoffset() or timedelta(0)
    instant = (naive.replace(tzinfo=UTC) - _START) // _MICROSECOND - offset // _MICROSECOND
    within = _within(text, instant)
    back = (_START + within * _MICROSECOND).astimezone(local).replace(tzinfo=None)
    if back != naive:
        raise Fault(Reason.OUT_OF_RANGE, f"the clock of {local.key} never shows {text[:80]!r}")
    return within


def _within(text: str, instant: int) -> int:
    if not LEAST <= instant <= MOST:
        raise Fault(Reason.OUT_OF_RANGE, f"{text[:80]!r} lies outside the years 1 to 9999 in UTC")
    return instant


def _offset(text: str | None) -> timezone | None:
    if not text:
        return None
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if minutes > 59 or hours > 23:
        raise ValueError
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(span if text[0] == "+" else -span)
