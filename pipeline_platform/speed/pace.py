"""How much goes into the next epoch, and when admission waits for the views."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from threading import Lock

EPOCH_SECONDS = 0.6  # an epoch of a backlog takes about this long; live rows wait for one
FIRST_BYTES, LEAST_BYTES = 4 << 20, 256 << 10
MOST_UNFOLDED = 400_000  # rows
FEW_BYTES = 1 << 20  # up to so many waiting, an epoch is folded before the next one begins
_LONGEST_PAUSE_S = 60.0


class Slices:
    """Stored bytes per epoch, so that an epoch of a backlog takes `EPOCH_SECONDS`."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self.bytes = min(FIRST_BYTES, most_bytes)

    def took(self, seconds: float) -> None:
        """An epoch of a backlog took so long."""
        factor = min(2.0, max(0.5, EPOCH_SECONDS / max(seconds, 1e-3)))
        wanted = int(self.bytes * factor)
        self.bytes = min(self._most, max(LEAST_BYTES, wanted))


class Unfolded:
    """Committed epochs that some view lacks: their rows, and when their objects landed."""

    def __init__(self) -> None:
        self._epochs: deque[tuple[int, int, datetime | None]] = deque()
        self._lock = Lock()
        self.rows = 0

    def committed(self, epoch: int, rows: int, newest: datetime | None) -> None:
        """An epoch was committed."""
        with self._lock:
            self._epochs.append((epoch, rows, newest))
            self.rows += rows

    def folded(self, upto: int) -> datetime | None:
        """Every view has these epochs; when the latest object among them landed."""
        latest: datetime | None = None
        with self._lock:
            while self._epochs and self._epochs[0][0] <= upto:
                _, rows, newest = self._epochs.popleft()
                self.rows -= rows
                latest = max(filter(None, (latest, newest)), default=None)
        return latest


def pauses(first_s: float = 1.0) -> Iterator[float]:
    """Seconds to wait after each failure in a row."""
    pause = first_s
    while True:
        yield pause
        pause = min(pause * 2, _LONGEST_PAUSE_S)
