"""ISO dates and timestamps of a whole column at once, by the bytes of their digits."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_platform.contracts.verdicts import Reason
from pipeline_platform.ingest.instants import LEAST, MOST
from pipeline_platform.ingest.json_strict import Fault

Ints = npt.NDArray[np.int64]
Halves = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
_BODY = "0000-00-00?00:00:00"  # 0 a digit, ? T or space, else itself
_ENOUGH = 64
_TRIES = 3
_LONGEST = 40
_NOTHING = np.zeros(0, np.int64)


def read_column(
    texts: pl.Series, read: Callable[[str], int], *, dates: bool = False, iso: bool = True
) -> tuple[Ints, Flags]:
    """Stored integers of non-null `texts`, and which of them `read` accepts.

    `iso` says that `read` accepts what ISO 8601 with an offset (or, for `dates`,
    `YYYY-MM-DD`) allows; then most values never meet it.
    """
    values, good = np.zeros(len(texts), np.int64), np.zeros(len(texts), bool)
    rest = np.arange(len(texts))
    if iso and len(texts) >= _ENOUGH:
        rest = _by_shape(texts, values, good, dates)
    if len(rest):
        _one_by_one(texts, rest, values, good, read)
    return values, good


def _one_by_one(
    texts: pl.Series, rest: Ints, values: Ints, good: Flags, read: Callable[[str], int]
) -> None:
    known: dict[str, int | None] = {}
    for at, text in zip(rest.tolist(), texts.gather(rest).to_list(), strict=True):
        if text not in known:
            try:
                known[text] = read(text)
            except Fault as fault:
                assert fault.reason is not Reason.MALFORMED
                known[text] = None
        value = known[text]
        if value is not None:
            values[at], good[at] = value, True


def _by_shape(texts: pl.Series, values: Ints, good: Flags, dates: bool) -> Ints:
    """Fill in what is of a common shape; the places that are left."""
    array: Any = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, ends, data = array.buffers()
    offsets = np.frombuffer(ends, np.int64)[array.offset : array.offset + len(array) + 1]
    codes = np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8)
    lengths = np.diff(offsets)
    left = np.ones(len(texts), bool)
    if len(lengths) and (lengths == lengths[0]).all() and lengths[0] < _LONGEST:
        cells = codes[offsets[0] : offsets[-1]].reshape(len(lengths), -1)
        if mask := _shape(bytes(cells[0]), dates):
            fits, found = _read_shape(np.ascontiguousarray(cells.T), mask)
            values[fits], good[fits], left[fits] = found[fits], True, False
            if fits.all():
                return _NOTHING
    for length in np.flatnonzero(np.bincount(lengths[lengths < _LONGEST], minlength=1)).tolist():
        for _ in range(_TRIES):
            places = np.flatnonzero(left & (lengths == length))
            if not len(places):
                break
            cells = codes[offsets[places][:, None] + np.arange(length)]
            mask = _shape(bytes(cells[0]), dates)
            if not mask:
                break
            fits, found = _read_shape(np.ascontiguousarray(cells.T), mask)
            taken = places[fits]
            values[taken], good[taken], left[taken] = found[fits], True, False
            if not fits[0] or len(taken) == len(places):
                break
    return np.flatnonzero(left)


def _shape(text: bytes, dates: bool) -> str:
    """The mask of a value such as `text`, or empty when it is no common one."""
    if dates:
        return _BODY[:10] if len(text) == 10 else ""
    if len(text) < 20:
        return ""
    tail = "Z" if text.endswith(b"Z") else "s00:00"
    digits = len(text) - len(_BODY) - len(tail)
    if digits == 0:
        return _BODY + tail
    return f"{_BODY}.{'0' * (digits - 1)}{tail}" if 2 <= digits <= 7 else ""


def _read_shape(cells: npt.NDArray[np.uint8], mask: str) -> tuple[Flags, Ints]:
    """From a matrix of bytes, one row per character: which values are right, and values."""
    digits = cells - 48
    fits = np.ones(cells.shape[1], bool)
    for at, wanted in enumerate(mask):
        if wanted == "0":
            fits &= digits[at] <= 9
        elif wanted == "?":
            fits &= (cells[at] == 84) | (cells[at] == 32)
        elif wanted == "s":
            fits &= (cells[at] == 43) | (cells[at] == 45)
        else:
            fits &= cells[at] == ord(wanted)

    def number(at: int, width: int) -> Halves:
        total: Halves = digits[at].astype(np.int32)
        for more in range(at + 1, at + width):
            total *= 10
            total += digits[more]
        return total

    days, right = _days(number(0, 4), number(5, 2), number(8, 2))
    fits &= right
    if len(mask) == 10:
        return fits, days.astype(np.int64)
    hour, minute, second = number(11, 2), number(14, 2), number(17, 2)
    fits &= (hour < 24) & (minute < 60) & (second < 60)
    instant = days.astype(np.int64) * 86_400 + ((hour * 60 + minute) * 60 + second)
    instant *= 1_000_000
    tail = 1 if mask.endswith("Z") else 6
    fraction = len(mask) - len(_BODY) - tail - 1
    if fraction > 0:
        instant += number(20, fraction) * 10 ** (6 - fraction)
    if tail == 6:
        hours, minutes = number(len(mask) - 5, 2), number(len(mask) - 2, 2)
        fits &= (hours < 24) & (minutes < 60)
        sign = np.where(cells[-6] == 43, 60_000_000, -60_000_000)
        instant -= (hours * 60 + minutes) * sign
    return fits & (instant >= LEAST) & (instant <= MOST), instant


def _days(year: Halves, month: Halves, day: Halves) -> tuple[Halves, Flags]:
    """Days since 1970 and which dates exist."""
    first, length = _calendar()
    place = np.clip(year * 12 + month - 1, 0, len(first) - 1)
    right = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= length[place])
    return first[place] + day - 1, right


@cache
def _calendar() -> tuple[Halves, Halves]:
    """First day and number of days of every month from the year 0 (unused) to 9999."""
    months = np.arange("0001-01", "10000-01", dtype="datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int32)
    length = (months + 1).astype("datetime64[D]").astype(np.int32) - first
    unused = np.zeros(12, np.int32)
    return np.concatenate((unused, first)), np.concatenate((unused, length))
