"""Decoded rows of several objects of one epoch, judged and de-duplicated together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from pipeline_platform.contracts.names import POSITION, ROW
from pipeline_platform.contracts.verdicts import Reason, Refusal
from pipeline_platform.ingest.decode import Chunk

_INSTANT = pl.Datetime("us", "UTC")


@dataclass(frozen=True)
class Piece:
    """Rows of one chunk of the object at `position`, which arrived at `registered_at`."""

    position: int
    registered_at: datetime
    frame: pl.DataFrame
    chunk: Chunk


@dataclass(frozen=True)
class Fault:
    """A row of a batch that is refused after decoding, by its index in the batch frame."""

    index: int
    reason: Reason
    column: str
    detail: str


class Batch:
    """Pieces and their rows in one frame, with `_position` beside `_row`."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._starts: list[int] = []
        height = 0
        for piece in pieces:
            self._starts.append(height)
            height += piece.frame.height
        self.frame = pl.concat([_placed(piece) for piece in pieces], rechunk=False)

    def arrival(self) -> pl.Expr:
        """When each row's object arrived: one instant for all, or one per row."""
        instants = {piece.registered_at for piece in self._pieces}
        if len(instants) == 1:
            return pl.lit(instants.pop(), _INSTANT)
        parts = [
            pl.select(pl.repeat(piece.registered_at, piece.frame.height, dtype=_INSTANT))
            for piece in self._pieces
        ]
        return pl.lit(pl.concat(parts).to_series())

    def refusals(self, faults: Sequence[Fault]) -> Iterator[tuple[int, Refusal]]:
        """(position, refusal) of every fault, with the bytes of its row."""
        ends = [*self._starts[1:], self.frame.height]
        for piece, start, end in zip(self._pieces, self._starts, ends, strict=True):
            mine = [fault for fault in faults if start <= fault.index < end]
            if mine:
                yield from _located(piece, start, mine)


def _placed(piece: Piece) -> pl.DataFrame:
    position = np.full(piece.frame.height, piece.position, np.int32)
    return piece.frame.hstack([pl.Series(POSITION, position)])


def _located(piece: Piece, start: int, faults: Sequence[Fault]) -> Iterator[tuple[int, Refusal]]:
    ordinals = piece.frame[ROW]
    rows = [ordinals[fault.index - start] for fault in faults]
    for fault, row, (offset, original) in zip(
        faults, rows, piece.chunk.originals(rows), strict=True
    ):
        refusal = Refusal(row, offset, fault.reason, fault.column, fault.detail, original)
        yield piece.position, refusal
