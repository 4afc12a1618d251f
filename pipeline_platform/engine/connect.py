"""Engine `connect`: any Spark Connect endpoint."""

import socket
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline_platform.engine.remote import RemoteEngine, open_session
from pipeline_platform.errors import SourceUnavailable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DEFAULT_PORT = 15002


class ConnectEngine(RemoteEngine):
    """A session on the server at `url`, `sc://host:port/;parameter=value`."""

    name = "connect"

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = threading.Lock()
        self._session: SparkSession | None = None

    def session(self) -> "SparkSession":
        with self._lock:
            if self._session is None:
                _reach(self.url)
                self._session = open_session(self.url)
            return self._session

    def close(self) -> None:
        with self._lock:
            if self._session is not None:
                self._session.stop()
                self._session = None


def _reach(url: str) -> None:
    """SourceUnavailable at once, where the client would retry for minutes."""
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port or DEFAULT_PORT
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError as error:
        raise SourceUnavailable(
            "the Spark Connect endpoint does not answer",
            where=url,
            known=f"{type(error).__name__} at {host}:{port}",
            remedy="start it, or name another in PIPELINE_PLATFORM_SPARK_REMOTE",
        ) from None
