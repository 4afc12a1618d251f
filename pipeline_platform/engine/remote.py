"""What engines share that are asked over Spark Connect."""

import atexit
import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from pipeline_platform.engine.base import SessionEngine
from pipeline_platform.engine.engine import CONFIGURATION, Parameter
from pipeline_platform.engine.failures import translated
from pipeline_platform.errors import Abort

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

# gRPC offers gzip by itself; on the loopback it costs five times the transfer.
_UNCOMPRESSED = [("grpc.compression_enabled_algorithms_bitset", 1)]


class RemoteEngine(SessionEngine):
    """A session of Spark Connect; a statement is sent once, when its rows are asked for."""

    def sql(
        self, text: str, parameters: Mapping[str, Parameter] | None = None, *, where: str = ""
    ) -> "DataFrame":
        from pyspark.sql.connect.dataframe import DataFrame as RemoteFrame
        from pyspark.sql.connect.functions import lit
        from pyspark.sql.connect.plan import SQL

        with translated(self.name, where):
            session = cast(Any, self.session())
            named = {name: cast(Any, lit(value)) for name, value in (parameters or {}).items()}
            return cast("DataFrame", RemoteFrame(SQL(text, None, named), session))

    def collect(self, frame: "DataFrame", *, where: str = "") -> "pa.Table":
        import pyarrow as pa
        from pyspark.sql.pandas.types import to_arrow_schema

        schema, tables = None, []
        with translated(self.name, where):
            for part in _parts(frame):
                if hasattr(part, "to_batches"):
                    tables.append(part)
                else:
                    schema = to_arrow_schema(part)
            if schema is None:
                schema = to_arrow_schema(frame.schema)
        return (
            pa.concat_tables([t.cast(schema) for t in tables]) if tables else schema.empty_table()
        )

    def _stream(self, frame: "DataFrame") -> Iterator["pa.RecordBatch"]:
        for part in _parts(frame):
            if hasattr(part, "to_batches"):
                yield from part.to_batches()


def open_session(url: str, *, loopback: bool = False) -> "SparkSession":
    """A new session with CONFIGURATION; `loopback`: the server is ours, on this machine.

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
    _quiet()
    options: list[tuple[str, Any]] = [*_UNCOMPRESSED] if loopback else []
    builder = RemoteSession.builder.channelBuilder(DefaultChannelBuilder(url, options))
    session = builder.create()
    if loopback:
        _trust(session)
    for key, value in CONFIGURATION.items():
        session.conf.set(key, value)
    return cast("SparkSession", session)


def _quiet() -> None:
    """Errors are raised; PySpark's log of them, which others' settings enable, says them twice."""
    from pyspark.sql.connect.logging import logger

    if logger.level == logging.WARNING:  # as it is made
        logger.setLevel(logging.CRITICAL)


def _trust(session: Any) -> None:
    """No reattaching and no retries: such a connection breaks only when the server ends.

    A retry without reattaching would send rows twice. Nor is there a cache of models to clean
    when Python ends, for which PySpark keeps every client for ever.
    """
    atexit.unregister(session.client._cleanup_ml_cache)
    session.client.disable_reattachable_execute()
    session.client.set_retry_policies([])
    session.release_session_on_close = False


def _parts(frame: "DataFrame") -> Iterator[Any]:
    """The schema, if the server says it, and the rows as it sends them."""
    remote = cast(Any, frame)
    client = remote.sparkSession.client
    yield from client.to_table_as_iterator(remote._plan.to_proto(client), {})
