"""Classic Spark over given rows, also where its JVM does not know Delta."""

from typing import TYPE_CHECKING

from pipeline_platform.contracts.names import TableName
from pipeline_platform.engine.spark import SparkEngine

if TYPE_CHECKING:
    from pipeline_platform.lake.lake import Lake


class SparkOverRows(SparkEngine):
    """Hands the rows of a table to the JVM, instead of the table's address."""

    def __init__(self, lake: "Lake") -> None:
        super().__init__(master="local[2]")
        self._lake = lake

    def pin(self, view: str, uri: str, version: int) -> None:
        """As in Engine, for tables of this lake."""
        layer, name = uri.removeprefix(self._lake.root).strip("/").split("/")
        held = self._lake.table(TableName(layer, name)).snapshot(version)
        self.frame(view, held.frame().collect().to_arrow().cast(held.schema))
