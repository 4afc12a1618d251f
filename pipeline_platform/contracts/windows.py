"""Half-open ranges of days, the unit in which partitions are read and replaced."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

_ONE = timedelta(days=1)


class DayWindow(Struct, frozen=True, order=True):
    """The days `start <= day < end`; days are UTC unless a table says otherwise."""

    start: date
    end: date

    @classmethod
    def of(cls, day: date) -> "DayWindow":
        """The window of one day."""
        return cls(day, day + _ONE)

    @property
    def days(self) -> Iterator[date]:
        """Every day of the window, in order."""
        return (self.start + timedelta(days=n) for n in range((self.end - self.start).days))

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def __len__(self) -> int:
        return max(0, (self.end - self.start).days)

    def __str__(self) -> str:
        return f"[{self.start}, {self.end})"


def contiguous(days: Iterable[date]) -> list[DayWindow]:
    """The fewest windows that hold exactly `days`."""
    windows: list[DayWindow] = []
    for day in sorted(set(days)):
        if windows and windows[-1].end == day:
            windows[-1] = DayWindow(windows[-1].start, day + _ONE)
        else:
            windows.append(DayWindow.of(day))
    return windows


def instant(day: date) -> datetime:
    """Midnight UTC at which `day` begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
