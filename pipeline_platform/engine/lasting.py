"""Sail for processes that run for days: its server is another process, and is replaced.

Sail 0.7.2 keeps 50 to 100 KB of every statement that it parses until its process ends.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast
from weakref import finalize

from pipeline_platform.engine.remote import open_session
from pipeline_platform.engine.sail import AnySail
from pipeline_platform.engine.sail_server import GROWN
from pipeline_platform.errors import SourceUnavailable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MOST_MEGABYTES = 512
_LEAST_AGE_S = 30.0  # work that needs much memory at once does not replace every server
_MOMENT_S = 0.2
_SERVER = "pipeline_platform.engine.sail_server"


class _Server(AnySail):
    """One server process with its session, and how many loans of it are out."""

    def __init__(self, most_megabytes: int) -> None:
        self.loans, self._began = 0, time.monotonic()
        self.grown = threading.Event()
        # A session of its own: the terminal's Ctrl-C would end Sail before what it serves.
        process = subprocess.Popen(
            [sys.executable, "-m", _SERVER, str(most_megabytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            process.communicate()
            raise SourceUnavailable(
                "engine 'sail' could not start a server",
                where=_SERVER,
                known=f"it ended with status {process.returncode}",
                remedy="what it wrote to standard error says why; then run it again",
            )
        listener = threading.Thread(
            target=_listen, args=(process.stdout, self.grown), name="sail", daemon=True
        )
        listener.start()
        self._process, self._end = process, finalize(self, _end, process, listener)
        self._session = open_session(f"sc://127.0.0.1:{port}", loopback=True)

    def session(self) -> "SparkSession":
        return self._session

    @property
    def process(self) -> int:
        """The id of its process."""
        return self._process.pid

    @property
    def fit(self) -> bool:
        """Whether it answers, and no other one should take its place."""
        if self._process.poll() is not None:
            return False
        return not self.grown.is_set() or time.monotonic() - self._began <= _LEAST_AGE_S

    def await_end(self) -> None:
        """Wait a moment for a process that was killed: its connection breaks sooner."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_MOMENT_S)

    def close(self) -> None:
        """End the process and its connection; what it runs fails."""
        cast(Any, self._session).client.close()
        self._end()


def _listen(said: Iterable[str], grown: threading.Event) -> None:
    for line in said:
        if line.strip() == GROWN:
            grown.set()


def _end(process: subprocess.Popen[str], listener: threading.Thread) -> None:
    process.kill()
    listener.join()
    process.communicate()


class LastingSail:
    """Lends Sail; from `most_megabytes` on another server takes the place of the present one.

    What is lent stays as it is: a server that gave way ends with its last loan. One whose
    process was killed fails the statements that it runs, and another takes its place.
    """

    def __init__(self, most_megabytes: int = MOST_MEGABYTES) -> None:
        self._most, self._lock = most_megabytes, threading.Lock()
        self._present: _Server | None = None

    @contextmanager
    def lent(self) -> Iterator[_Server]:
        """As of Lender; SourceUnavailable where no server starts."""
        with self._lock:
            server = self._fit()
            server.loans += 1
        try:
            yield server
        except SourceUnavailable:
            server.await_end()
            raise
        finally:
            with self._lock:
                server.loans -= 1
                self._end_unused(server)

    def close(self) -> None:
        """As of Lender."""
        with self._lock:
            server, self._present = self._present, None
            if server is not None:
                self._end_unused(server)

    def _fit(self) -> _Server:
        """The present server, or the one that takes its place."""
        before = self._present
        if before is None or not before.fit:
            self._present = _Server(self._most)
            if before is not None:
                self._end_unused(before)
        assert self._present is not None
        return self._present

    def _end_unused(self, server: _Server) -> None:
        if not server.loans and server is not self._present:
            server.close()
