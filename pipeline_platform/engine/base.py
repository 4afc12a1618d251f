"""What every engine does through its Spark session."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pipeline_platform.engine.engine import Parameter
from pipeline_platform.engine.failures import translated

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession


class SessionEngine(ABC):
    """An Engine over `session()`; children say how it starts and how rows stream."""

    name: str

    @contextmanager
    def lent(self) -> Iterator["SessionEngine"]:
        yield self

    @abstractmethod
    def session(self) -> "SparkSession": ...

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def _stream(self, frame: "DataFrame") -> Iterator["pa.RecordBatch"]: ...

    def pin(self, view: str, uri: str, version: int) -> None:
        with translated(self.name, f"{uri} version {version}"):
            reader = self.session().read.format("delta").option("versionAsOf", version)
            reader.load(uri).createOrReplaceTempView(view)

    def frame(self, view: str, table: "pa.Table") -> None:
        with translated(self.name, view):
            self.session().createDataFrame(table).createOrReplaceTempView(view)

    def view(self, view: str) -> "DataFrame":
        with translated(self.name, view):
            return self.session().table(view)

    def drop(self, view: str) -> None:
        from pyspark.errors import AnalysisException

        with translated(self.name, view), suppress(AnalysisException):
            self.session().catalog.dropTempView(view)

    def sql(
        self, text: str, parameters: Mapping[str, Parameter] | None = None, *, where: str = ""
    ) -> "DataFrame":
        with translated(self.name, where):
            return self.session().sql(text, args=dict(parameters) if parameters else None)

    def define(self, view: str, text: str, *, where: str = "") -> None:
        frame = self.sql(text, where=where)
        with translated(self.name, where):
            frame.createOrReplaceTempView(view)

    def schema(self, frame: "DataFrame", *, where: str = "") -> "pa.Schema":
        from pyspark.sql.pandas.types import to_arrow_schema

        with translated(self.name, where):
            return to_arrow_schema(frame.schema)

    def types(self, frame: "DataFrame", *, where: str = "") -> list[tuple[str, str]]:
        with translated(self.name, where):
            return [(f.name, f.dataType.simpleString()) for f in frame.schema.fields]

    def batches(self, frame: "DataFrame", *, where: str = "") -> Iterator["pa.RecordBatch"]:
        with translated(self.name, where):
            yield from self._stream(frame)

    def collect(self, frame: "DataFrame", *, where: str = "") -> "pa.Table":
        import pyarrow as pa

        schema = self.schema(frame, where=where)
        tables = [pa.Table.from_batches([b]) for b in self.batches(frame, where=where)]
        return (
            pa.concat_tables([t.cast(schema) for t in tables]) if tables else schema.empty_table()
        )
