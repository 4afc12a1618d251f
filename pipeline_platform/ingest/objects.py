"""Reading the planned objects of an epoch, part by part, in ledger order."""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

import msgspec
import polars as pl

from pipeline_platform.contracts.epochs import ObjectRef, PlannedObject
from pipeline_platform.contracts.names import EVENT_ID, ROW
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.contracts.verdicts import Reason, Refusal
from pipeline_platform.ingest.ahead import in_order
from pipeline_platform.ingest.decode import Chunk, Decoder, Verdicts
from pipeline_platform.ingest.framing import Block
from pipeline_platform.ports.object_store import ObjectStore

_LASTING = (FileNotFoundError, PermissionError, IsADirectoryError)


@dataclass(frozen=True)
class Part:
    """Some consecutive rows of an object: those that decode, those refused, all landed.

    `chunk` holds their bytes; it and `frame` are None for an unreadable remainder.
    """

    frame: pl.DataFrame | None
    refusals: list[Refusal]
    landed: int
    chunk: Chunk | None = None


@dataclass(frozen=True)
class _Item:
    """A block of a planned object, or why the rest of it cannot be read."""

    planned: PlannedObject
    block: Block | None
    identity: pl.Expr | None
    problem: str = ""


class Checksummed:
    """A readable stream that keeps the CRC-32 of what was read, and whether all was."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._crc, self._whole = 0, False

    def read(self, size: int = -1) -> bytes:
        """As of a file."""
        data = self._stream.read(size)
        self._crc = zlib.crc32(data, self._crc)
        self._whole = self._whole or not data or size < 0
        return data

    @property
    def value(self) -> int | None:
        """CRC-32 of the whole object, None when it was not read to its end."""
        return self._crc if self._whole else None


def checksum(store: ObjectStore, key: str) -> int:
    """CRC-32 of the object's stored bytes."""
    crc = 0
    with store.open(key) as stream:
        while data := stream.read(1 << 20):
            crc = zlib.crc32(data, crc)
    return crc


class ObjectReader:
    """Decodes planned objects; what cannot be read becomes one refusal.

    `cuts` names positions that an earlier attempt at this epoch found unreadable, and the
    row from which; they are refused again, so that every attempt gives the same verdicts.
    An object restored with equal bytes is as it was: `known_checksum` gives the CRC-32
    under which a key was admitted, if it was.
    """

    def __init__(
        self,
        contract: StreamContract,
        store: ObjectStore,
        cuts: Mapping[int, int],
        known_checksum: Callable[[str], int | None],
    ) -> None:
        self._contract, self._store, self._cuts = contract, store, cuts
        self._known_checksum = known_checksum
        self._decoder = Decoder(contract)
        self._ended: set[int] = set()
        self.checksums: dict[int, int | None] = {}

    def parts(self, objects: Iterable[PlannedObject]) -> Iterator[tuple[PlannedObject, Part]]:
        """Every object's parts, in order; the next ones are decoded while one is used.

        An object ends where an earlier attempt cut it.
        """
        for planned, part in self._decoded(objects):
            cut = self._cuts.get(planned.position)
            if cut is None:
                yield planned, part
                continue
            if any(_is_cut(refusal, cut) for refusal in part.refusals):
                self._ended.add(planned.position)
            kept = restricted(part, pl.col(ROW) < cut, cut.__gt__)
            ends = [refusal for refusal in part.refusals if _is_cut(refusal, cut)]
            refusals = [*kept.refusals, *ends]
            yield planned, replace(kept, refusals=refusals, landed=kept.landed + len(ends))

    def rest(self, planned: PlannedObject) -> Part | None:
        """The refused rest of an object that an earlier attempt could not read to its end."""
        cut = self._cuts.get(planned.position)
        if cut is None or planned.position in self._ended:
            return None
        return _unreadable(cut, "an earlier attempt could not read it")

    def originals(
        self, planned: PlannedObject, rows: frozenset[int]
    ) -> dict[int, tuple[int, bytes]]:
        """Offset and bytes of rows by ordinal, by decoding the object again."""
        found: dict[int, tuple[int, bytes]] = {}
        for _, part in self._decoded([planned]):
            if part.frame is not None and part.chunk is not None:
                held = sorted(rows.intersection(part.frame[ROW].to_list()))
                found.update(zip(held, part.chunk.originals(held), strict=True))
        return found

    def _decoded(self, objects: Iterable[PlannedObject]) -> Iterator[tuple[PlannedObject, Part]]:
        """Every part of the objects as they are now; why one ends early is its last part."""
        rows, position = 0, -1
        for item, verdicts in in_order(self._items(objects), self._judged):
            if item.planned.position != position:
                rows, position = 0, item.planned.position
            if verdicts is None:
                yield item.planned, _unreadable(rows, item.problem)
                continue
            chunk = self._decoder.chunk(verdicts, rows)
            if item.identity is not None:
                chunk.frame = chunk.frame.with_columns(item.identity)
            yield item.planned, Part(chunk.frame, chunk.refusals, chunk.landed, chunk)
            rows += chunk.landed

    def _judged(self, item: _Item) -> tuple[_Item, Verdicts | None]:
        return item, None if item.block is None else self._decoder.judge(item.block)

    def _items(self, objects: Iterable[PlannedObject]) -> Iterator[_Item]:
        for planned in objects:
            problem = self._problem(planned)
            if problem is None:
                try:
                    yield from self._blocks(planned)
                except _LASTING as error:
                    problem = f"it cannot be read: {error.strerror}"
            if problem is not None:
                yield _Item(planned, None, None, problem)

    def _problem(self, planned: PlannedObject) -> str | None:
        try:
            found = self._store.stat(planned.ref.key)
        except PermissionError as error:
            return f"it cannot be read: {error.strerror}"
        if found is None:
            return "it is gone"
        if found == planned.ref or self._restored(planned, found):
            return None
        return f"it changed after it was planned ({planned.ref.size} bytes, now {found.size})"

    def _restored(self, planned: PlannedObject, found: ObjectRef) -> bool:
        if found.size != planned.ref.size:
            return False
        known = self._known_checksum(planned.ref.key)
        return known is not None and known == checksum(self._store, planned.ref.key)

    def _blocks(self, planned: PlannedObject) -> Iterator[_Item]:
        identity = None if self._contract.event_id else self._identity(planned.ref.key)
        with self._store.open(planned.ref.key) as file:
            stream = Checksummed(file)
            for block in self._decoder.blocks(cast(BinaryIO, stream)):
                yield _Item(planned, block, identity)
            self.checksums[planned.position] = stream.value

    def _identity(self, key: str) -> pl.Expr:
        """Event ids of a stream without its own: content hash of the object, and row."""
        with self._store.open(key) as file:
            content = hashlib.blake2b(digest_size=16)
            while data := file.read(1 << 20):
                content.update(data)
        return (pl.lit(content.hexdigest() + ":") + pl.col(ROW).cast(pl.String)).alias(EVENT_ID)


def restricted(part: Part, keep: pl.Expr, wanted: Callable[[int], bool]) -> Part:
    """The part with only the rows that both forms of the same condition want."""
    refusals = [refusal for refusal in part.refusals if wanted(refusal.row)]
    if part.frame is None:
        return replace(part, refusals=refusals, landed=len(refusals))
    frame = part.frame.filter(keep)
    return replace(part, frame=frame, refusals=refusals, landed=frame.height + len(refusals))


def selected(part: Part, rows: frozenset[int], rest_from: int | None) -> Part:
    """The part with only the ordinals in `rows` and all from `rest_from` on.

    A remainder that cannot be read refuses each of `rows` that lies in it.
    """
    if part.frame is None:
        (rest,) = part.refusals
        lost = sorted(row for row in rows if row >= rest.row)
        return Part(None, [msgspec.structs.replace(rest, row=row) for row in lost], len(lost))
    keep = pl.col(ROW).is_in(list(rows))
    if rest_from is not None:
        keep = keep | (pl.col(ROW) >= rest_from)
    return restricted(
        part, keep, lambda row: row in rows or (rest_from is not None and row >= rest_from)
    )


def _is_cut(refusal: Refusal, cut: int) -> bool:
    return refusal.row == cut and refusal.reason is Reason.UNREADABLE


def _unreadable(row: int, why: str) -> Part:
    detail = f"the rest of the object is unreadable: {why}"
    return Part(None, [Refusal(row, 0, Reason.UNREADABLE, "", detail, b"")], 1)
