"""Views among the lake's tables: their answer and their standing, by name."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.snapshot import PartitionFacts
from pipeline_platform.views.live import views
from pipeline_platform.views.pins import Pin
from pipeline_platform.views.reading import STANDING, Reading, reading
from pipeline_platform.views.relations import given

SUFFIX = "__standing"
_SWAP = 10**9  # versions that a state table may reach, in the one number of a pin


@dataclass(frozen=True)
class Answered:
    """What `serving.<view>`, or its standing, shows at one version; alike to a snapshot."""

    reading: Reading
    standing: bool

    @property
    def version(self) -> int:
        """The pin as one number."""
        pin = self.reading.standing.pin
        return pin.live * _SWAP + pin.version

    @property
    def schema(self) -> pa.Schema:
        """The columns in order."""
        return STANDING if self.standing else self.reading.schema

    @property
    def partition_by(self) -> str | None:
        """Answers have no partitions."""
        return None

    def partitions(self) -> dict[date | None, PartitionFacts]:
        """One part; its rows are those of the states, of which the answer has fewer."""
        files = self.reading.held.files
        return {None: PartitionFacts(int(files["states"].sum()), files.height, {}, {})}

    def paths(self, window: DayWindow | None) -> frozenset[str]:
        """The data files of the states."""
        return self.reading.held.snapshot.paths(window)

    def show(self, engine: Engine, stack: ExitStack) -> str:
        """A session view that shows it, until the stack ends."""
        if not self.standing:
            return self.reading.show(engine, stack)
        return given(engine, self.reading.standing.table(), stack)


def names(lake: Lake) -> list[str]:
    """`serving.<view>` and `serving.<view>__standing` of every live view, in order."""
    return sorted(f"serving.{name}{end}" for name in views(lake) for end in ("", SUFFIX))


def answered(lake: Lake, table: TableName, version: int | None = None) -> Answered | None:
    """What a view shows under this name, now or at a version; None for all other names."""
    if table.layer != "serving":
        return None
    name = table.name.removesuffix(SUFFIX)
    if not lake.table(TableName("serving", f"{name}__live")).exists():
        return None
    pin = None if version is None else Pin(name, *divmod(version, _SWAP))
    return Answered(reading(lake, name, pin), name != table.name)
