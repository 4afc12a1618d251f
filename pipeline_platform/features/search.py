"""Rows sorted by key and instant, and binary searches among the rows of a key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
NOWHERE = -1
ROWS = 1 << 20  # of a source, worked on together: fresh memory costs more than work in it
_PARTS, _NONE = 100, np.uint8(255)  # parts at most; the number of what is in none
_WORD = 64  # bits of the numbers that are sorted
_LARGEST = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Points:
    """The spine of one group: per row a key's code (NOWHERE: none matches) and T' in us.

    `known` is False where the key or T is NULL or no row has the key.
    """

    code: Ints
    at: Ints
    known: Bools


@dataclass(frozen=True)
class Facts:
    """The rows that a point may have, sorted by (code, event, available).

    They have a code and both instants, neither after the last T'. `row` is each one's place
    in the source; those of code c lie in [`start[c]`, `start[c + 1]`). Instants in us.
    """

    row: Ints
    code: Ints
    event: Ints
    available: Ints
    start: Ints


@dataclass(frozen=True)
class Part:
    """Some keys with all their facts and points; `place` is where in the spine these are."""

    place: Ints
    points: Points
    facts: Facts


def matched(
    spine_keys: pl.DataFrame,
    at: pl.Series,
    keys: pl.DataFrame,
    instants: pl.DataFrame,
    lag_us: int,
    rows: int = ROWS,
) -> Iterator[Part]:
    """Points and facts with common codes; the frames of keys have equal names and types.

    NULL never equals NULL; values are compared as they are, never as text. Every point is in
    one part; a part has less than `rows` rows beside those of its last key, or than a
    hundredth of all.
    """
    if not spine_keys.width:
        ours, theirs = np.zeros(len(at), np.int32), np.zeros(instants.height, np.int32)
    else:
        codes = spine_keys.unique().with_row_index("__code")
        ours, theirs = _coded(spine_keys, codes), _coded(keys, codes)
    limit, known = _microseconds(at) - lag_us, (ours >= 0) & at.is_not_null().to_numpy()
    event, available = (_microseconds(column) for column in instants.get_columns())
    last = limit[known].max(initial=np.iinfo(np.int64).min)
    given = instants.select(pl.all_horizontal(pl.all().is_not_null())).to_series().to_numpy()
    for first, place, row in _parts(ours, theirs, rows):
        points = Points(ours[place] - first, limit[place], known[place])
        code, happened, told = theirs[row] - first, event[row], available[row]
        usable = given[row] & (happened <= last) & (told <= last)
        if not usable.all():
            row, code, happened, told = row[usable], code[usable], happened[usable], told[usable]
        yield Part(place, points, _facts(row, code, happened, told))


def _coded(keys: pl.DataFrame, codes: pl.DataFrame) -> NDArray[np.int32]:
    found = keys.join(codes, on=keys.columns, how="left", maintain_order="left")
    return found["__code"].cast(pl.Int32).fill_null(NOWHERE).to_numpy()


def _microseconds(instants: pl.Series) -> Ints:
    return instants.to_physical().fill_null(0).to_numpy()


def _parts(
    ours: NDArray[np.int32], theirs: NDArray[np.int32], rows: int
) -> Iterator[tuple[np.int64, Ints, Ints]]:
    """First code, places of the points and of the rows of each part that has points."""
    rows = max(rows, -(-len(theirs) // _PARTS))
    per_code = np.zeros(int(ours.max(initial=NOWHERE)) + 2, np.int64)
    for begin in range(0, len(theirs), rows):
        per_code += np.bincount(theirs[begin : begin + rows] + 1, minlength=len(per_code))
    number = (np.cumsum(per_code[1:]) - per_code[1:]) // rows
    number = number.astype(np.uint8)
    # What has no code gets the number at the end: points are in the first part, rows in none.
    of_point, of_row = np.append(number, np.uint8(0))[ours], np.append(number, _NONE)[theirs]
    for part in np.unique(of_point) if len(ours) else np.zeros(1, np.uint8):
        first = np.searchsorted(number, part)
        yield first, np.flatnonzero(of_point == part), np.flatnonzero(of_row == part)


def _facts(row: Ints, code: Ints, event: Ints, available: Ints) -> Facts:
    order = ordered(code, [event, available])
    code = code[order]
    start = np.searchsorted(code, np.arange(code.max(initial=NOWHERE) + 2))
    return Facts(row[order], code, event[order], available[order], start)


def ordered(group: Ints, columns: Sequence[Ints]) -> Ints:
    """The places sorted by `group` (from 0), then by `columns`; equals by their place.

    Each place is packed into one number behind its group and as many leading bits of the first
    column as fit: such numbers are sorted in place, several times faster than by columns. Only
    those whose leading bits are equal are then sorted, by the bits and columns that are left.
    """
    if not len(group):
        return np.zeros(0, np.int64)
    place_bits = (len(group) - 1).bit_length()
    packed, left = _packed(group, columns[0], _WORD - place_bits)
    packed <<= np.uint64(place_bits)
    packed |= np.arange(len(group), dtype=np.uint64)
    packed.sort()
    place = (packed & np.uint64((1 << place_bits) - 1)).view(np.int64)
    rest = ([] if left is None else [left]) + list(columns[1:])
    packed >>= np.uint64(place_bits)
    same = packed[1:] == packed[:-1]
    if rest and same.any():
        tied = np.append(same, False) | np.append(False, same)
        places = place[tied]
        run = np.cumsum(np.append(False, ~same)[tied])
        place[tied] = places[ordered(run - run[0], [column[places] for column in rest])]
    return place


def _packed(group: Ints, column: Ints, room: int) -> tuple[NDArray[np.uint64], Ints | None]:
    """Groups and leading bits of `column` as numbers of `room` bits; the bits left over."""
    low = int(column.min())
    bits = (int(column.max()) - low).bit_length()
    over = max(0, bits + int(group.max()).bit_length() - room)
    above = (column - low).view(np.uint64)
    left = (above & np.uint64((1 << over) - 1)).view(np.int64) if over else None
    above >>= np.uint64(over)
    above |= group.astype(np.uint64) << np.uint64(bits - over)
    return above, left


def bounds(points: Points, start: Ints) -> tuple[Ints, Ints]:
    """First place and the place after the last of the rows of each point's key.

    Those of code c lie in [`start[c]`, `start[c + 1]`).
    """
    last = len(start) - 1
    begin = np.where(points.known, np.minimum(points.code, last), last)
    return start[begin], start[np.minimum(begin + 1, last)]


def first_not_below(values: Ints, target: Ints, low: Ints, high: Ints) -> Ints:
    """Per target the first place in [low, high) with value >= target, else high.

    `values` rise within each range. All ranges are halved together: log2 of the longest
    range many passes over the targets, whatever the number of keys.
    """
    low, high = low.copy(), high.copy()
    if not len(values) or not len(low):
        return low
    for _ in range(int((high - low).max()).bit_length()):
        middle = (low + high) >> 1
        below = (low < high) & (values.take(middle, mode="clip") < target)
        low = np.where(below, middle + 1, low)
        high = np.where(below, high, middle)
    return low


def running_maximum(values: Ints, code: Ints) -> Ints:
    """The greatest value so far among the rows of the same code, codes rising from 0.

    With an offset for its code a later key's value exceeds all earlier ones, so that one pass
    resets at every key: done for as many keys at once as such numbers fit.
    """
    highest = np.empty_like(values)
    if not len(values):
        return highest
    low, high = int(values.min()), int(values.max())
    reach = high - low + 1
    keys = max(1, _LARGEST // reach)
    first = np.searchsorted(code, np.arange(0, int(code[-1]) + 1, keys))
    for begin, end in pairwise([*first.tolist(), len(values)]):
        if keys == 1:
            np.maximum.accumulate(values[begin:end], out=highest[begin:end])
        elif begin < end:
            offset = (code[begin:end] - code[begin]) * reach - low
            part = values[begin:end] + offset
            np.subtract(np.maximum.accumulate(part, out=part), offset, out=highest[begin:end])
    return highest
