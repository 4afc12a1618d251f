"""Sums and maxima over the rows of a window that were known, by both clocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline_platform.features.search import (
    Bools,
    Facts,
    Ints,
    Points,
    bounds,
    first_not_below,
    running_maximum,
)

PAIRS = 4_000_000  # (point, row) pairs looked at together, 100 MB
NOTHING = np.iinfo(np.int64).min
_LATENESS_BITS = 4


@dataclass(frozen=True)
class _Layer:
    """Rows of similar lateness, sorted as Facts are; `place` is theirs among all facts.

    Every point counts the rows in [low, sure), and of those in [sure, high) the ones
    with `available` at or before its instant `at`.
    """

    place: Ints
    available: Ints
    at: Ints
    low: Ints
    sure: Ints
    high: Ints


class Windows:
    """The rows in [T' - width, T') of every point, available at or before T'."""

    def __init__(self, points: Points, facts: Facts, width_us: int, pairs: int = PAIRS) -> None:
        self._points, self._pairs = len(points.at), pairs
        self._layers = [
            _layer(points, part, place, width_us) for part, place in _by_lateness(facts)
        ]

    def aggregate(
        self, sums: Sequence[Ints], maxima: Sequence[Ints]
    ) -> tuple[list[Ints], list[Ints]]:
        """Per point the sum of each of `sums`, and the maximum of each of `maxima`.

        All columns are in the order of the facts. Without rows: 0, and NOTHING.
        """
        totals = [np.zeros(self._points, np.int64) for _ in sums]
        highest = [np.full(self._points, NOTHING, np.int64) for _ in maxima]
        for layer in self._layers:
            added = [column[layer.place] for column in sums]
            compared = [column[layer.place] for column in maxima]
            for total, column in zip(totals, added, strict=True):
                total += _slice_sums(column, layer.low, layer.sure)
            for best, column in zip(highest, compared, strict=True):
                np.maximum(best, _slice_maxima(column, layer.low, layer.sure), out=best)
            _look_at_pairs(layer, self._pairs, added, totals, compared, highest)
        return totals, highest


def _by_lateness(facts: Facts) -> Iterator[tuple[Facts, Ints]]:
    """The facts in parts, by the magnitude of the time from event to availability.

    Among rows of one magnitude only those that happened within that time before T' can be
    unknown still, so that one very late row does not cast doubt on all that follow.
    """
    late = np.maximum(facts.available - facts.event, 0)
    # 0 for rows known when they happen, else 1 + log16 of the lateness.
    magnitude = np.where(late > 0, 1 + (np.frexp(late.astype(np.float64))[1] // _LATENESS_BITS), 0)
    for value in np.unique(magnitude):
        place = np.flatnonzero(magnitude == value)
        code = facts.code[place]
        yield (
            Facts(
                facts.row[place],
                code,
                facts.event[place],
                facts.available[place],
                np.searchsorted(code, np.arange(len(facts.start))),
            ),
            place,
        )


def _layer(points: Points, facts: Facts, place: Ints, width_us: int) -> _Layer:
    first, last = bounds(points, facts.start)
    low = first_not_below(facts.event, points.at - width_us, first, last)
    high = first_not_below(facts.event, points.at, low, last)
    sure = high
    if (facts.available > facts.event).any():
        settled = running_maximum(facts.available, facts.code)
        sure = np.clip(first_not_below(settled, points.at + 1, first, last), low, high)
    return _Layer(place, facts.available, points.at, low, sure, high)


def _slice_sums(column: Ints, low: Ints, high: Ints) -> Ints:
    """Differences of running sums: integers, so nothing drifts."""
    running = np.concatenate([np.zeros(1, np.int64), np.cumsum(column)])
    found: Ints = running[high] - running[low]
    return found


def _slice_maxima(column: Ints, low: Ints, high: Ints) -> Ints:
    """Maxima of slices, each from two overlapping blocks of a power of two rows."""
    found = np.full(len(low), NOTHING, np.int64)
    level = np.frexp((high - low).astype(np.float64))[1] - 1
    blocks, length = column, 1
    for power in range(int(level.max()) + 1 if len(level) else 0):
        if power:
            blocks, length = np.maximum(blocks[:-length], blocks[length:]), 2 * length
        asked = np.flatnonzero(level == power)
        found[asked] = np.maximum(blocks[low[asked]], blocks[high[asked] - length])
    return found


def _look_at_pairs(
    layer: _Layer,
    pairs: int,
    added: Sequence[Ints],
    totals: Sequence[Ints],
    compared: Sequence[Ints],
    highest: Sequence[Ints],
) -> None:
    for point, row, begin in _pairs(layer.sure, layer.high, pairs):
        counted: Bools = layer.available[row] <= np.repeat(
            layer.at[point], np.diff(np.append(begin, len(row)))
        )
        for total, column in zip(totals, added, strict=True):
            total[point] += np.add.reduceat(np.where(counted, column[row], 0), begin)
        for best, column in zip(highest, compared, strict=True):
            found = np.maximum.reduceat(np.where(counted, column[row], NOTHING), begin)
            best[point] = np.maximum(best[point], found)


def _pairs(low: Ints, high: Ints, limit: int) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Chunks of (points, rows of all their slices, where each point's rows begin)."""
    points = np.flatnonzero(high > low)
    length = high[points] - low[points]
    ends = np.cumsum(length)
    done = 0
    while done < len(points):
        before = int(ends[done - 1]) if done else 0
        until = max(done + 1, int(np.searchsorted(ends, before + limit, side="right")))
        point, size = points[done:until], length[done:until]
        begin = np.concatenate([np.zeros(1, np.int64), np.cumsum(size)[:-1]])
        row = np.arange(int(size.sum())) + np.repeat(low[point] - begin, size)
        yield point, row, begin
        done = until
