"""Counts over a block of JSON lines that prove a lenient reader overlooked nothing.

Polars, given a schema, refuses wrong syntax, overflow and most wrong types; it is silent
on numbers and objects where a string belongs, on repeated, unknown and absent members, and
on blank lines. In a `plain` block every line begins with `{`, and no escape, bracket of an
array, tab, carriage return, or space before a colon stands anywhere. Then each member of
each row adds at least one to `members`, each cell comes from one member, and each string
cell that was a string in the row adds two to `quotes`. All these are bounds in one
direction, row by row, so equality of the sums is equality in every row.
"""

import numpy as np
from msgspec import Struct

from pipeline_platform.ingest.framing import Positions

_SLICE = 1 << 17
_FIRST = np.zeros(1, np.int64)
_NONE = np.zeros(0, np.int64)


class Counts(Struct, frozen=True):
    """What was counted; `members` counts `":`, `starts` and `ends` bound the lines."""

    plain: bool
    rows: int = 0
    members: int = 0
    quotes: int = 0
    starts: Positions = _NONE
    ends: Positions = _NONE


def count(data: bytes) -> Counts:
    """Counts over `data`, which ends in LF; all zero when it is not plain."""
    if any(mark in data for mark in (b"\\", b"\t", b"\r", b"[")):
        return Counts(False)
    codes = np.frombuffer(data, np.uint8)
    members = quotes = 0
    ends = []
    for at in range(0, len(codes), _SLICE):
        part = codes[at : at + _SLICE + 1]
        colon, quote, space = part[1:] == 0x3A, part[:-1] == 0x22, part[:-1] == 0x20
        np.logical_and(space, colon, out=space)
        if space.any():
            return Counts(False)
        np.logical_and(quote, colon, out=colon)
        quotes += int(np.count_nonzero(quote))
        members += int(np.count_nonzero(colon))
        ends.append(np.flatnonzero(part[:_SLICE] == 10) + at)
    lines = np.concatenate(ends)
    starts = np.concatenate((_FIRST, lines[:-1] + 1))
    if not (codes[starts] == 0x7B).all():
        return Counts(False)
    return Counts(True, len(lines), members, quotes, starts, lines)
