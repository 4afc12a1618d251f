"""The seam: what every engine that runs Spark SQL does alike."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

Parameter = date | datetime | Decimal | str | int | float | bool | None

CONFIGURATION = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
}


class Lender(Protocol):
    """Lends an engine for a piece of work; processes that run for days work by loans alone."""

    def lent(self) -> "AbstractContextManager[Engine]":
        """The engine of one piece of work; its session ends no sooner than the context."""
        ...

    def close(self) -> None:
        """End what was started; the next use starts it again."""
        ...


class Engine(Lender, Protocol):
    """Runs statements over pinned table versions; safe to share between threads.

    Views belong to one session that all callers share: give them names of your own and
    drop them. Errors of the engine become StatementFailed, CapabilityMissing or
    SourceUnavailable; `where` in them is the place that the caller names.
    """

    @property
    def name(self) -> str:
        """`sail`, `spark` or `connect`; `capabilities` knows it."""
        ...

    def session(self) -> "SparkSession":
        """The session, started on first use with CONFIGURATION."""
        ...

    def pin(self, view: str, uri: str, version: int) -> None:
        """A view that shows version `version` of the Delta table at `uri`, for ever."""
        ...

    def frame(self, view: str, table: "pa.Table") -> None:
        """A view over rows in memory."""
        ...

    def view(self, view: str) -> "DataFrame":
        """The rows of a view."""
        ...

    def drop(self, view: str) -> None:
        """Forget a view; none of that name is no error."""
        ...

    def sql(
        self, text: str, parameters: Mapping[str, Parameter] | None = None, *, where: str = ""
    ) -> "DataFrame":
        """The query `text` with `:name` replaced by the parameter's value; not run yet."""
        ...

    def define(self, view: str, text: str, *, where: str = "") -> None:
        """A view over the query `text`."""
        ...

    def schema(self, frame: "DataFrame", *, where: str = "") -> "pa.Schema":
        """Names and types of the columns in Arrow's words; nothing runs."""
        ...

    def types(self, frame: "DataFrame", *, where: str = "") -> list[tuple[str, str]]:
        """Names and types of the columns in Spark's words (`decimal(10,2)`); nothing runs."""
        ...

    def batches(self, frame: "DataFrame", *, where: str = "") -> Iterator["pa.RecordBatch"]:
        """Run the query; its rows in batches, in any order, never all in memory at once."""
        ...

    def collect(self, frame: "DataFrame", *, where: str = "") -> "pa.Table":
        """Run the query; all rows, in its order, with the schema also when there are none."""
        ...
