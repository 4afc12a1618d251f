"""Cuts a window of days into slabs that fit in memory."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import accumulate

from pipeline_platform.contracts.windows import DayWindow


def around(days: DayWindow, before: int, after: int) -> DayWindow:
    """The days and so many more on both sides, as far as the calendar goes."""
    return DayWindow(
        days.start - timedelta(min(before, (days.start - date.min).days)),
        days.end + timedelta(min(after, (date.max - days.end).days)),
    )


class TableRows:
    """How many rows of a table a slab reads: those of its days and of some around them."""

    def __init__(self, by_day: Mapping[date | None, int], reach: tuple[int, int]) -> None:
        self._always = by_day.get(None, 0)
        self._days = sorted(day for day in by_day if day is not None)
        self._before = [0, *accumulate(by_day[day] for day in self._days)]
        self._reach = reach

    def read_for(self, days: DayWindow) -> int:
        """Rows of the table that a slab of these days reads."""
        wide = around(days, *self._reach)
        first, last = bisect_left(self._days, wide.start), bisect_left(self._days, wide.end)
        return self._always + self._before[last] - self._before[first]


def slabs(window: DayWindow, tables: Sequence[TableRows], limit: int) -> Iterator[DayWindow]:
    """The window in parts of as many days as have `limit` rows in all tables, one at least."""
    start = window.start
    for day in window.days:
        longer = DayWindow(start, day + timedelta(1))
        if start < day and sum(table.read_for(longer) for table in tables) > limit:
            yield DayWindow(start, day)
            start = day
    if start < window.end:
        yield DayWindow(start, window.end)
