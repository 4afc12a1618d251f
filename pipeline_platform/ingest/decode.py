"""From an object's bytes to typed rows and refusals, chunk by chunk."""

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

import numpy as np
import polars as pl
from msgspec import Struct

from pipeline_platform.contracts.names import ROW
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.contracts.verdicts import Refusal
from pipeline_platform.ingest import framing
from pipeline_platform.ingest.ahead import in_order
from pipeline_platform.ingest.csv_fast import CsvFast
from pipeline_platform.ingest.csv_framing import CsvBlock, CsvCutter, Dialect
from pipeline_platform.ingest.frames import Judged, RowFrames, merged
from pipeline_platform.ingest.framing import BLOCK_BYTES, Block, Framer
from pipeline_platform.ingest.json_fast import JsonFast, Taken
from pipeline_platform.ingest.json_framing import cut_json, resume
from pipeline_platform.ingest.json_strict import Fault
from pipeline_platform.ingest.precise import RowReader, json_row_reader, judge_rows
from pipeline_platform.ingest.text_rows import csv_row_reader, text_row_reader


class Chunk(Struct):
    """The verdicts on some consecutive rows of an object.

    `frame` holds the accepted rows: the contract's columns with exact types, `_extra`
    (String) where unknown fields are kept, and `_row` (Int64), the row's ordinal in the
    object. `landed` rows were framed, the first of them is `first_row`.
    """

    frame: pl.DataFrame
    refusals: list[Refusal]
    landed: int
    first_row: int
    block: Block

    def originals(self, rows: Sequence[int]) -> list[tuple[int, bytes]]:
        """Offset in the decompressed object and bytes of rows of this chunk, by ordinal."""
        starts, ends = self.block.bounds()
        places = [row - self.first_row for row in rows]
        spans = [(int(starts[at]), int(ends[at])) for at in places]
        return [(self.block.offset + s, self.block.data[s:e]) for s, e in spans]


class Verdicts(Struct, frozen=True):
    """A block, what became of its rows, and how many rows the framer cut it into."""

    block: Block
    judged: Judged
    landed: int


class Decoder:
    """A contract compiled once, for any number of objects.

    `block_bytes` bounds what is decompressed at a time; `precise` judges every row alone
    (the fast paths give equal verdicts). Raises DeclarationError for a contract that cannot
    be compiled.
    """

    def __init__(
        self, contract: StreamContract, *, block_bytes: int = BLOCK_BYTES, precise: bool = False
    ) -> None:
        self._contract, self._block_bytes = contract, block_bytes
        self._longest = contract.landing.max_row_bytes
        self._judge = _judge(contract, precise=precise)
        self._framer = _framer(contract, block_bytes)

    def decode(self, stream: BinaryIO) -> Iterator[Chunk]:
        """The object's chunks in order; two threads decode ahead of the caller."""
        first_row = 0
        for verdicts in in_order(self.blocks(stream), self.judge):
            yield self.chunk(verdicts, first_row)
            first_row += verdicts.landed

    def blocks(self, stream: BinaryIO) -> Iterator[Block]:
        """The object cut into blocks of whole rows."""
        return self._framer().blocks(stream)

    def judge(self, block: Block) -> Verdicts:
        """What becomes of each row of a block; may be called from several threads."""
        judged = self._judge(block)
        return Verdicts(block, judged, len(block.bounds()[0]))

    def chunk(self, verdicts: Verdicts, first_row: int) -> Chunk:
        """The verdicts on a block whose first row has this ordinal."""
        block, judged = verdicts.block, verdicts.judged
        ordinals = pl.Series(ROW, judged.rows + first_row, dtype=pl.Int64)
        frame = judged.frame.hstack([ordinals])
        chunk = Chunk(frame, [], verdicts.landed, first_row, block)
        faults = sorted(judged.faults, key=lambda found: found[0])
        originals = chunk.originals([first_row + place for place, _ in faults])
        for (place, fault), (offset, original) in zip(faults, originals, strict=True):
            chunk.refusals.append(
                Refusal(
                    row=first_row + place,
                    offset=offset,
                    reason=fault.reason,
                    column=fault.column,
                    detail=fault.detail,
                    original=original[: self._longest],
                )
            )
        return chunk


def decode(stream: BinaryIO, contract: StreamContract) -> Iterator[Chunk]:
    """The chunks of one object; see `Decoder`, which serves many objects better."""
    return Decoder(contract).decode(stream)


def _framer(contract: StreamContract, block_bytes: int) -> Callable[[], Framer]:
    landing = contract.landing
    if landing.format == "json":
        return lambda: Framer(landing, cut_json(landing.max_row_bytes), resume, block_bytes)
    lines = framing.cut_lines(landing.max_row_bytes)
    if landing.format == "csv":
        dialect = Dialect(contract)
        return lambda: Framer(
            landing, CsvCutter(contract, dialect), framing.after_newline, block_bytes
        )
    return lambda: Framer(landing, lines, framing.after_newline, block_bytes)


Judge = Callable[[Block], Judged]


def _judge(contract: StreamContract, *, precise: bool) -> Judge:
    if contract.landing.format == "csv":
        return _csv_judge(contract, precise=precise)
    if contract.landing.format == "text":
        read, frames = text_row_reader(contract), RowFrames(contract)
        return lambda block: judge_block(frames, read, block)
    return _json_judge(contract, precise=precise)


def _csv_judge(contract: StreamContract, *, precise: bool) -> Judge:
    dialect, frames = Dialect(contract), RowFrames(contract)
    under = csv_row_reader(contract, dialect)
    fast = CsvFast(contract, dialect)

    def judge(block: Block) -> Judged:
        if not isinstance(block, CsvBlock) or not block.header:
            return judge_block(frames, _refused, block)
        taken = None if precise else fast.take(block)
        return judge_block(frames, under(block.header), block, taken)

    return judge


def _json_judge(contract: StreamContract, *, precise: bool) -> Judge:
    read, fast, frames = json_row_reader(contract), JsonFast(contract), RowFrames(contract)

    def judge(block: Block) -> Judged:
        taken = None if precise else fast.take(block)
        return judge_block(frames, read, block, taken)

    return judge


def _refused(row: bytes) -> list[object]:
    raise AssertionError(f"a framer's refusal was judged again: {row[:80]!r}")


def judge_block(frames: RowFrames, read: RowReader, block: Block, taken: Taken = None) -> Judged:
    """Verdicts on a block of which the rows `taken` are accepted already."""
    starts, ends = block.bounds()
    left = np.ones(len(starts), bool)
    left[list(block.faults)] = False
    if taken:
        left[taken[1]] = False
    rows = ((at, block.data[starts[at] : ends[at]]) for at in np.flatnonzero(left).tolist())
    judged = judge_rows(frames, read, rows)
    judged.faults += [(at, Fault(*fault)) for at, fault in block.faults.items()]
    return merged(judged, *taken) if taken else judged
