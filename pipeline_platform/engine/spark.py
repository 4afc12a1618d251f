"""Engine `spark`: classic PySpark on a JVM, local or a cluster's driver."""

import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from pipeline_platform.engine.base import SessionEngine
from pipeline_platform.engine.engine import CONFIGURATION
from pipeline_platform.engine.failures import translated
from pipeline_platform.errors import Abort, CapabilityMissing

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

_DELTA = "io.delta.sql.DeltaSparkSessionExtension"
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "4",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "FATAL",
}


class SparkEngine(SessionEngine):
    """A session on `master`; Java 17 or 21 is needed. `options` win over ours."""

    name = "spark"

    def __init__(self, master: str = "local[*]", options: dict[str, str] | None = None) -> None:
        self.master, self.options = master, options or {}
        self._lock = threading.Lock()
        self._session: SparkSession | None = None

    def session(self) -> "SparkSession":
        with self._lock:
            if self._session is None:
                self._session = self._start()
            return self._session

    def pin(self, view: str, uri: str, version: int) -> None:
        """As in Engine; CapabilityMissing where the JVM does not know Delta."""
        self.session()
        if not self._knows_delta():
            raise CapabilityMissing(
                "this Spark cannot read Delta tables",
                where=f"{uri} version {version}",
                known=f"{_DELTA} is not on its class path",
                remedy="give it the delta-spark jars, or use engine sail",
            )
        super().pin(view, uri, version)

    def close(self) -> None:
        with self._lock:
            if self._session is not None:
                self._session.stop()
                self._session = None

    def _start(self) -> "SparkSession":
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession
        from pyspark.sql.utils import is_remote

        if is_remote():
            raise Abort(
                "this process is a client of Spark Connect",
                known="PySpark runs on Connect or on a JVM, never on both in one process",
                remedy="run engine spark in a process of its own",
            )
        logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
        builder = SparkSession.builder.master(self.master).appName("pipeline_platform")
        for key, value in {**_LOCAL, **CONFIGURATION, **self.options}.items():
            builder = builder.config(key, value)
        # Where gRPC's threads run, a fork that is to become a JVM fails now and then.
        with suppress(PySparkRuntimeError):
            return builder.getOrCreate()
        try:
            return builder.getOrCreate()
        except PySparkRuntimeError as error:
            raise CapabilityMissing(
                "engine 'spark' could not start a JVM",
                where=self.master,
                known=str(error).splitlines()[0],
                remedy="install Java 17 or 21 and set JAVA_HOME, or use engine sail",
            ) from None

    def _knows_delta(self) -> bool:
        loader = self.session()._jvm.Thread.currentThread().getContextClassLoader()  # type: ignore[union-attr]
        path = _DELTA.replace(".", "/") + ".class"
        return loader.getResource(path) is not None

    def collect(self, frame: "DataFrame", *, where: str = "") -> "pa.Table":
        with translated(self.name, where):
            return frame.toArrow()

    def _stream(self, frame: "DataFrame") -> Iterator["pa.RecordBatch"]:
        """Batches as partitions end, in the order they end in."""
        from pyspark.errors import PySparkRuntimeError
        from pyspark.errors.exceptions.captured import unwrap_spark_exception
        from pyspark.sql.pandas.serializers import ArrowCollectSerializer
        from pyspark.util import _load_from_socket

        port, secret, server = frame._jdf.collectAsArrowToPython()
        try:
            serializer = ArrowCollectSerializer()  # type: ignore[no-untyped-call]
            for part in _load_from_socket((port, secret), serializer):
                if hasattr(part, "schema"):
                    yield part
        except PySparkRuntimeError:
            with unwrap_spark_exception():
                server.getResult()
            raise
