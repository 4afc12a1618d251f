"""One epoch: its planned objects become staged files and books, nothing is committed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from pipeline_platform.contracts.epochs import EpochPlan, PlannedObject
from pipeline_platform.contracts.names import EPOCH, GENERATION, POSITION, ROW
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.contracts.verdicts import Reason, Refusal
from pipeline_platform.ingest.batch import Batch, Piece
from pipeline_platform.ingest.books import Books, by_value
from pipeline_platform.ingest.dedup import Deduplicator
from pipeline_platform.ingest.generations import still
from pipeline_platform.ingest.judge import Judge
from pipeline_platform.ingest.objects import ObjectReader, Part, selected
from pipeline_platform.ingest.schemas import REFUSED, rows_of
from pipeline_platform.ingest.tables import StreamTables
from pipeline_platform.lake.shape import empty_frame
from pipeline_platform.lake.writer import StagedFile, Staging
from pipeline_platform.ports.object_store import ObjectStore

BATCH_ROWS = 100_000
BATCH_PIECES = 2_000
SUSPECT_ROWS = 1_000_000


@dataclass(frozen=True)
class Taken:
    """What a replay takes of one object: rows by ordinal, all from `rest_from` on, and
    when the object first arrived."""

    rows: frozenset[int]
    rest_from: int | None
    registered_at: datetime


@dataclass(frozen=True)
class Staged:
    """An epoch ready to commit; `cuts` are the unreadable rows by position."""

    accepted: list[StagedFile]
    refused: list[StagedFile]
    books: Books
    cuts: dict[int, int]
    checksums: dict[int, int | None]


class EpochRun:
    """Decodes, judges, drops repeats and stages, object by object, in bounded memory."""

    def __init__(
        self,
        plan: EpochPlan,
        contract: StreamContract,
        *,
        store: ObjectStore,
        tables: StreamTables,
        dedup: Deduplicator,
        cuts: Mapping[int, int],
        taken: Mapping[int, Taken],
        known_checksum: Callable[[str], int | None],
        progress: Callable[[int, int], None],
        generation: int = 0,
    ) -> None:
        self._plan, self._tables = plan, tables
        planned_here = plan.generation >= generation
        self._judged_under = plan.contract if planned_here else contract.fingerprint
        self._dedup, self._taken, self._progress = dedup, taken, progress
        self._reader = ObjectReader(contract, store, cuts, known_checksum)
        self._judge = Judge(contract)
        self._books = Books()
        self._snapshot, self._generation = tables.accepted.snapshot(), generation
        still(self._snapshot, generation)
        self._columns = empty_frame(self._snapshot.schema).schema
        self._accepted: list[StagedFile] = []
        self._suspects: list[pl.DataFrame] = []
        self._cuts: dict[int, int] = {}
        self._keys = {planned.position: planned.ref.key for planned in plan.objects}

    def stage(self) -> Staged:
        """Work through the plan; whatever fails leaves no file behind."""
        self._dedup.begin(self._snapshot)
        self._refusing: Staging | None = None
        self._staging = self._fresh_staging()
        try:
            for batch in self._batches():
                self._absorb(batch)
            self._resolve()
            self._accepted += self._staging.finish()
            refused: list[StagedFile] = self._refusing.finish() if self._refusing else []
        except BaseException:
            self._staging.abort()
            if self._refusing:
                self._refusing.abort()
            self._tables.accepted.discard(self._accepted)
            raise
        return Staged(self._accepted, refused, self._books, self._cuts, self._reader.checksums)

    def _fresh_staging(self) -> Staging:
        return self._tables.accepted.stage(self._snapshot)

    def _batches(self) -> Iterator[Batch]:
        pieces: list[Piece] = []
        rows = done = 0
        for planned, part in self._reader.parts(self._plan.objects):
            piece = self._piece(planned, part)
            if piece is not None:
                pieces.append(piece)
                rows += piece.frame.height
            if rows >= BATCH_ROWS or len(pieces) >= BATCH_PIECES:
                yield Batch(pieces)
                pieces, rows = [], 0
            if planned.position > done:
                done = planned.position
                self._progress(done, self._books.landed.total())
        if pieces:
            yield Batch(pieces)
        self._close_objects()
        self._progress(len(self._plan.objects), self._books.landed.total())

    def _piece(self, planned: PlannedObject, whole: Part) -> Piece | None:
        """The decoded rows of a part; what did not decode goes to the refused rows."""
        taken = self._taken.get(planned.position)
        part = whole if taken is None else selected(whole, taken.rows, taken.rest_from)
        self._books.landed[planned.position] += part.landed
        self._refuse((planned.position, refusal) for refusal in part.refusals)
        if part.frame is None or part.chunk is None:
            return None
        arrived = taken.registered_at if taken else self._plan.registered_at
        return Piece(planned.position, arrived, part.frame, part.chunk)

    def _close_objects(self) -> None:
        """Refuse what an earlier attempt cut off, and count what a replay took up."""
        for planned in self._plan.objects:
            rest = self._reader.rest(planned)
            if rest is not None:
                self._piece(planned, rest)
            taken = self._taken.get(planned.position)
            if taken is not None:
                self._books.landed[planned.position] -= len(taken.rows)
                self._books.replayed[planned.position] += len(taken.rows)

    def _absorb(self, batch: Batch) -> None:
        judged = self._judge.judge(batch)
        self._refuse(batch.refusals(judged.faults))
        self._books.warnings.update(judged.warnings)
        if judged.warned is not None:
            self._books.warned.update(by_value(judged.frame.filter(judged.warned)[POSITION]))
        if not judged.frame.height:
            return
        fresh, suspects = self._dedup.split(self._completed(judged.frame))
        self._write(fresh)
        if suspects.height:
            self._suspects.append(suspects)
            if sum(frame.height for frame in self._suspects) >= SUSPECT_ROWS:
                self._resolve()

    def _completed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with their epoch, and NULL in columns that a later contract added."""
        epoch = pl.Series(EPOCH, np.full(rows.height, self._plan.epoch, np.int64))
        added = [
            pl.Series(name, [None], dtype=kind).new_from_index(0, rows.height)
            for name, kind in self._columns.items()
            if name not in rows.columns and name != EPOCH
        ]
        return rows.hstack([*added, epoch])

    def _write(self, rows: pl.DataFrame) -> None:
        if rows.height:
            self._books.accept(rows)
            self._staging.write(rows)

    def _resolve(self) -> None:
        """Hold suspects against the rows they resemble, those just staged included."""
        if not self._suspects:
            return
        files = self._staging.finish()
        self._accepted += files
        self._staging = self._fresh_staging()
        self._dedup.staged([file.path for file in files])
        resolved = self._dedup.resolve(pl.concat(self._suspects))
        self._suspects = []
        self._write(resolved.fresh)
        self._books.duplicates.update(by_value(resolved.duplicates[POSITION]))
        self._refuse(self._conflicts(resolved.conflicts))

    def _conflicts(self, places: pl.DataFrame) -> Iterator[tuple[int, Refusal]]:
        """Refusals of rows that repeat an id with another payload, with their bytes."""
        detail = "an accepted row has the same id and day, and another payload"
        for (position,), rows in places.group_by(POSITION, maintain_order=True):
            planned = next(p for p in self._plan.objects if p.position == position)
            originals = self._reader.originals(planned, frozenset(rows[ROW].to_list()))
            for row, (offset, original) in sorted(originals.items()):
                yield position, Refusal(row, offset, Reason.CONFLICT, "", detail, original)

    def _refuse(self, refusals: Iterable[tuple[int, Refusal]]) -> None:
        rows: list[dict[str, Any]] = []
        for position, refusal in refusals:
            self._books.refused[position] += 1
            if refusal.reason is Reason.UNREADABLE:
                self._cuts[position] = min(refusal.row, self._cuts.get(position, refusal.row))
            rows.append(self._refused_row(position, refusal))
        if rows:
            if self._refusing is None:
                self._refusing = self._tables.refused.stage(self._tables.refused.snapshot())
            self._refusing.write(rows_of(REFUSED, rows))

    def _refused_row(self, position: int, refusal: Refusal) -> dict[str, Any]:
        return {
            "_epoch": self._plan.epoch,
            "_position": position,
            "_row": refusal.row,
            "object": self._keys[position],
            "offset": refusal.offset,
            "reason": refusal.reason.value,
            "column": refusal.column,
            "detail": refusal.detail,
            "original": refusal.original,
            "contract": self._judged_under,
            "registered_at": self._plan.registered_at,
            GENERATION: self._generation or None,
        }
