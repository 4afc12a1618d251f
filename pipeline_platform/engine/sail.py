"""Engine `sail`: Spark's protocol served inside this process, no JVM."""

import atexit
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline_platform.engine.remote import RemoteEngine, open_session
from pipeline_platform.errors import StatementFailed

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class _Running:
    """The server of a process and its session; a fork does not inherit them."""

    def __init__(self) -> None:
        from pysail.spark import SparkConnectServer

        self.process = os.getpid()
        self.server: Any = SparkConnectServer()
        self.server.start(background=True)
        _, port = self.server.listening_address
        self.session = open_session(f"sc://127.0.0.1:{port}", loopback=True)

    def stop(self) -> None:
        if self.process == os.getpid():
            self.session.stop()
            self.server.stop()


_lock = threading.RLock()
_running: _Running | None = None


class AnySail(RemoteEngine):
    """What is Sail's own, wherever its server runs."""

    name = "sail"

    def pin(self, view: str, uri: str, version: int) -> None:
        """As of Engine; a hint at a later checkpoint, which Sail 0.7.2 trips over, is deleted.

        It is there while a checkpoint is being written, or when its writer ended then.
        """
        try:
            super().pin(view, uri, version)
        except StatementFailed as error:
            if "Missing commit file" not in error.known:
                raise
            Path(uri, "_delta_log", "_last_checkpoint").unlink(missing_ok=True)
            super().pin(view, uri, version)


class SailEngine(AnySail):
    """A handle on the one server of this process; it listens on the loopback only."""

    def session(self) -> "SparkSession":
        global _running
        with _lock:
            if _running is None or _running.process != os.getpid():
                _running = _Running()
                atexit.unregister(_stop)
                atexit.register(_stop)
            return _running.session

    def close(self) -> None:
        _stop()


def _stop() -> None:
    global _running
    with _lock:
        if _running is not None:
            _running.stop()
            _running = None
