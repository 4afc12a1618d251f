"""Engine `connect`: any Spark Connect endpoint, and the client Sail shares."""

import socket
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from pipeline_platform.engine.base import SessionEngine
from pipeline_platform.engine.engine import CONFIGURATION
from pipeline_platform.errors import Abort, SourceUnavailable

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

DEFAULT_PORT = 15002
# gRPC offers gzip by itself; on the loopback it costs five times the transfer.
_UNCOMPRESSED = [("grpc.compression_enabled_algorithms_bitset", 1)]


class ConnectEngine(SessionEngine):
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

    def _stream(self, frame: "DataFrame") -> Iterator["pa.RecordBatch"]:
        yield from stream(frame)


def open_session(url: str, *, loopback: bool = False) -> "SparkSession":
    """A new session with CONFIGURATION; `loopback`: the server lives in this process.

    Abort: the process is not marked as a client, see `settings.prepare_process`.
    """
    from pyspark.sql.connect.client import DefaultChannelBuilder
    from pyspark.sql.connect.session import SparkSession as RemoteSession
    from pyspark.sql.utils import is_remote

    if not is_remote():
        raise Abort(
            "this process is not marked as a client of Spark Connect",
            where=url,
            known="pyspark.sql.functions reads the mark from the environment",
            remedy="call settings.prepare_process(engine) before the first session",
        )
    options: list[tuple[str, Any]] = [*_UNCOMPRESSED] if loopback else []
    builder = RemoteSession.builder.channelBuilder(DefaultChannelBuilder(url, options))
    session = builder.create()
    if loopback:
        _trust(session)
    for key, value in CONFIGURATION.items():
        session.conf.set(key, value)
    return cast("SparkSession", session)


def _trust(session: Any) -> None:
    """No reattaching and no retries: such a connection breaks only when the process ends.

    A retry without reattaching would send rows twice.
    """
    session.client.disable_reattachable_execute()
    session.client.set_retry_policies([])
    session.release_session_on_close = False


def stream(frame: "DataFrame") -> Iterator["pa.RecordBatch"]:
    """The rows as the server sends them."""
    remote = cast(Any, frame)
    client = remote.sparkSession.client
    for part in client.to_table_as_iterator(remote._plan.to_proto(client), {}):
        if hasattr(part, "to_batches"):
            yield from part.to_batches()


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
