"""Runs a stream's contract over given objects or rows: the real admission."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from pipeline_platform.contracts.names import EPOCH, POSITION, ROW
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.contracts.types import DataType
from pipeline_platform.declarations.resolution import DeclaredStream
from pipeline_platform.declarations.stream_attributes import StreamAttributes
from pipeline_platform.declarations.tables import DeclaredTable
from pipeline_platform.errors import Abort
from pipeline_platform.ingest.report import AdmissionReport
from pipeline_platform.testing.bench import Bench, plain
from pipeline_platform.testing.encoding import encoded
from pipeline_platform.testing.project import declared_in
from pipeline_platform.testing.rows import Rows
from pipeline_platform.testing.sources import GivenRows, source
from pipeline_platform.testing.values import converted

ORDER = (EPOCH, POSITION, ROW)
_REFUSED = ("reason", "column", "detail", "original", "object", *ORDER)
LandedObject = bytes | str | Path


class Landing:
    """What became of the objects of one landing, or of all: the numbers add up.

    `landed` rows are `accepted`, `duplicates` or `refused`; `warned` counts accepted rows by
    the rule that warns of them.
    """

    def __init__(self, run: "StreamRun", reports: Sequence[AdmissionReport]) -> None:
        self._run, self._reports = run, reports

    @property
    def landed(self) -> int:
        """Rows that landed."""
        return sum(report.accounting.landed for report in self._reports)

    @property
    def duplicates(self) -> int:
        """Repeats of accepted rows, which are dropped."""
        return sum(report.accounting.duplicates for report in self._reports)

    @property
    def warned(self) -> dict[str, int]:
        """Rows by the rule with `on_fail: warn` that they break."""
        return dict(sum((Counter(report.warnings) for report in self._reports), Counter()))

    @property
    def accepted(self) -> Rows:
        """The accepted rows in the order of landing, with the platform's columns."""
        declared = self._run.declared.accepted
        return self._rows(declared, [column.name for column in declared.columns])

    @property
    def refused(self) -> Rows:
        """The refused rows in the order of landing: `reason`, `column`, `detail`, `original`."""
        return self._rows(self._run.declared.refused, list(_REFUSED))

    def _rows(self, declared: DeclaredTable, columns: list[str]) -> Rows:
        import polars as pl

        table = self._run.bench.lake.table(declared.name)
        epochs = [epoch for report in self._reports for epoch in report.epochs]
        frame = table.snapshot().frame().filter(pl.col(EPOCH).is_in(epochs)).sort(ORDER)
        return Rows(frame.select(columns).collect(), str(declared.name), declared.types)


class StreamRun(Landing):
    """A stream on its own, with all that landed so far."""

    def __init__(self, declared: DeclaredStream, engine: str = "sail") -> None:
        self.declared, self.bench = declared, Bench(engine)
        self._objects = 0
        super().__init__(self, [])

    @property
    def contract(self) -> StreamContract:
        """The contract as declared."""
        return self.declared.contract

    @plain
    def land(
        self,
        objects: Iterable[LandedObject] | LandedObject = (),
        *,
        rows: "GivenRows | None" = None,
        at: datetime | str | None = None,
    ) -> Landing:
        """Let objects, or rows as one object, land and be admitted as the next epoch.

        Arrives at `at`, by default at the instant of the landing before, or now. What is
        returned speaks of this landing only.
        """
        found = [objects] if isinstance(objects, bytes | str | Path) else list(objects)
        contents = [_bytes(one, self.contract) for one in found]
        if rows is not None:
            given = source(rows, "rows").rows()
            contents.append(encoded(self.contract, given))
        if at is not None:
            self.bench.at = converted(at, DataType("timestamp"), "at")
        for content in contents:
            self._put(content)
        report = self.bench.admission(self.contract).run()
        self._reports = [*self._reports, report]
        return Landing(self, [report])

    def _put(self, content: bytes) -> None:
        """Write one object, as old as the contract wants settled objects to be."""
        landing = self.contract.landing
        path = self.bench.settings.landing / landing.prefix / f"{self._objects:06}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        changed = self.bench.clock().timestamp() - landing.settle_s - 1
        os.utime(path, (changed, changed))
        self._objects += 1


@plain
def run_stream(
    folder: str | Path,
    objects: Iterable[LandedObject] | LandedObject = (),
    *,
    rows: "GivenRows | None" = None,
    at: datetime | str | None = None,
    name: str = "",
) -> StreamRun:
    """Land objects, or rows, for the stream that `folder` declares; see what becomes of them.

    An object is bytes, a text, or the Path of a file; `rows` are written as one object in the
    stream's own format. They arrive at `at` (default: now). Of several things declared in
    the folder `name` says which. Raises DeclarationError where the declaration is wrong.
    """
    run = StreamRun(DeclaredStream.of(*declared_in(folder, StreamAttributes, name)))
    run.land(objects, rows=rows, at=at)
    return run


def _bytes(given: LandedObject, contract: StreamContract) -> bytes:
    if isinstance(given, str):
        return given.encode()
    if isinstance(given, bytes):
        return given
    if isinstance(given, Path):
        return given.read_bytes()
    raise Abort(
        f"this is no object: {given!r:.60}",
        where=f"stream {contract.name}",
        known="an object is bytes, a text, or the Path of a file",
        remedy="give dictionaries as `rows=[...]`",
    )
