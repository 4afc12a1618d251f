"""The newest version of a table, held in a process and brought on by its log."""

from threading import Lock

from pipeline_platform.lake.base import Base
from pipeline_platform.lake.log import Entry, Log
from pipeline_platform.lake.snapshot import Snapshot

_LONGEST = 200  # entries after the opened version; more are cheaper from a checkpoint


class Held:
    """Knows the newest version by looking for the next entry of the log, not by listing it.

    So it costs the same however long the log is, and sees other processes' commits at once.
    """

    def __init__(self, uri: str, options: dict[str, str] | None = None) -> None:
        self._uri, self._options, self._log = uri, options, Log(uri)
        self._lock = Lock()
        self._newest: Snapshot | None = None
        self._mark: tuple[int, ...] | None = None

    def newest(self) -> Snapshot:
        """The newest version; deltalake's TableNotFoundError without a table."""
        with self._lock:
            held = self._newest
            if held is None or self._mark is None:
                return self._open()
            entries = self._entries(held)
            # An entry that is there has no removed successor: see Log.
            if entries is None or self._log.mark(held.version) != self._mark:
                return self._open()
            return self._keep(held.followed(entries)) if entries else held

    def known(self) -> bool:
        """Whether the version that is held is there, so that the table is."""
        with self._lock:
            held, mark = self._newest, self._mark
            return held is not None and mark is not None and self._log.mark(held.version) == mark

    def _entries(self, held: Snapshot) -> list[Entry] | None:
        """The commits after the held version; None when it has to be opened anew."""
        found: list[Entry] = []
        while (entry := self._log.read(held.version + 1 + len(found))) is not None:
            found.append(entry)
            if entry.redefines or len(held.tail) + len(found) > _LONGEST:
                return None
        return found

    def _open(self) -> Snapshot:
        return self._keep(Snapshot(Base(self._uri, None, self._options)))

    def _keep(self, newest: Snapshot) -> Snapshot:
        self._newest, self._mark = newest, self._log.mark(newest.version)
        return newest
