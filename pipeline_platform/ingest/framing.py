"""Cut an object into rows: blocks of whole rows with their offsets."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from msgspec import Struct, field

from pipeline_platform.contracts.stream import Landing
from pipeline_platform.contracts.verdicts import Reason
from pipeline_platform.ingest.inflate import Inflated

BLOCK_BYTES = 16 << 20
Positions = npt.NDArray[np.int64]
BOM = b"\xef\xbb\xbf"
_SPACE = np.isin(np.arange(256), [9, 13, 32])


class Block(Struct):
    """Whole rows that lie in `data`; `offset` is where `data` begins in the object.

    `starts` and `ends` bound each row, without its line ending; None when the rows are the
    lines of `data` and nobody has looked for them yet. `faults` holds rows, by their place
    in the block, that the framer refuses, with reason and sentence.
    """

    data: bytes
    offset: int
    starts: Positions | None = None
    ends: Positions | None = None
    faults: dict[int, tuple[Reason, str]] = field(default_factory=dict)

    def bounds(self) -> tuple[Positions, Positions]:
        """Starts and ends of the rows; blank lines are no rows."""
        if self.starts is None or self.ends is None:
            self.starts, self.ends = line_bounds(self.data)
        return self.starts, self.ends

    def rows(self) -> list[bytes]:
        """The bytes of each row."""
        starts, ends = self.bounds()
        data = self.data
        return [data[s:e] for s, e in zip(starts.tolist(), ends.tolist(), strict=True)]


Cut = Callable[[bytes, bool], tuple[list[Block], int]]
"""From bytes (offsets relative) and whether they are the last: blocks and bytes consumed."""


def line_bounds(
    data: bytes, longest: int = 1 << 62, space: bytes = b" \t\r"
) -> tuple[Positions, Positions]:
    """Bounds of the lines of `data`, without LF or CRLF; lines of `space` are left out.

    A line longer than `longest` bytes is a row whatever it holds.
    """
    codes = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(codes == 10)
    if data and not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    starts = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1))[: len(ends)]
    filled = ends > starts
    starts, ends = starts[filled], ends[filled]
    ends = ends - (codes[ends - 1] == 13)
    keep = np.ones(len(starts), bool)
    for at in np.flatnonzero(_SPACE[codes[starts]]).tolist():
        row = data[starts[at] : ends[at]]
        keep[at] = len(row) > longest or bool(row.strip(space))
    return starts[keep], ends[keep]


def fits(data: bytes, longest: int) -> bool:
    """Whether no line of `data` (which ends in LF) is longer than `longest` bytes.

    Every jump goes to the last line ending within reach, so no gap can hide between two.
    """
    at = -1
    while at + 1 < len(data) and at + longest + 1 < len(data):
        reached = data.rfind(b"\n", at + 1, at + longest + 2)
        if reached < 0:
            return False
        at = reached
    return True


def cut_lines(longest: int) -> Cut:
    """A cutter for formats in which every line is a row."""

    def cut(data: bytes, last: bool) -> tuple[list[Block], int]:
        used = len(data) if last else data.rfind(b"\n") + 1
        if not used:
            return [], 0
        block = Block(data[:used], 0)
        if not fits(block.data, longest):
            block.starts, block.ends = line_bounds(block.data, longest)
            mark_long(block, longest)
        return [block], used

    return cut


def mark_long(block: Block, longest: int) -> None:
    """Refuse the rows of `block` that are longer than `longest` bytes."""
    starts, ends = block.bounds()
    for row in np.flatnonzero(ends - starts > longest).tolist():
        block.faults[row] = too_long(longest)


def too_long(longest: int) -> tuple[Reason, str]:
    """The fault of a row longer than `longest` bytes."""
    return Reason.TOO_LONG, f"the row is longer than max_row_bytes ({longest})"


def single(data: bytes, offset: int, reason: Reason, detail: str) -> Block:
    """A block of one refused row."""
    bounds = np.array([0]), np.array([len(data)])
    return Block(data, offset, *bounds, {0: (reason, detail)})


class Framer:
    """Drives a cutter over an object, carrying what is not a whole row yet.

    `resume` finds where rows may begin again in bytes that follow a row longer than
    `max_row_bytes`, or gives -1. A remainder that cannot be read, or is beyond
    `max_object_bytes`, is one refused row, as is an object of zero bytes. A byte order mark
    at the object's start is passed over, as RFC 8259 allows; offsets count it.
    """

    def __init__(
        self,
        landing: Landing,
        cut: Cut,
        resume: Callable[[bytes], int],
        block_bytes: int = BLOCK_BYTES,
    ) -> None:
        self._longest, self._cut, self._resume = landing.max_row_bytes, cut, resume
        self._limit, self._size = landing.max_object_bytes, block_bytes

    def blocks(self, stream: BinaryIO) -> Iterator[Block]:
        """The object's rows, in order, about one block of bytes at a time."""
        source = Inflated(stream, self._limit)
        carry, offset, skipping = b"", 0, False
        for piece, last in _with_last(source.pieces(self._size)):
            carry = carry + piece if carry else piece
            if not offset and carry.startswith(BOM):
                carry, offset = carry[len(BOM) :], len(BOM)
            if not skipping:
                blocks, used = self._cut(carry, last and not source.ending)
                yield from _shifted(blocks, offset)
                carry, offset = carry[used:], offset + used
                if len(carry) <= self._longest + 1:
                    continue
                yield single(carry[: self._longest], offset, *too_long(self._longest))
            at = self._resume(carry)
            skipping = at < 0
            gone = len(carry) - 1 if skipping else at
            carry, offset = carry[gone:], offset + gone
        if skipping:
            carry, offset = b"", offset + len(carry)
        yield from self._remainder(source, carry, offset)

    def _remainder(self, source: Inflated, carry: bytes, offset: int) -> Iterator[Block]:
        if source.ending:
            data = carry[: self._longest]
            yield single(data, offset, source.ending.reason, source.ending.detail)
        elif carry:
            yield from _shifted(self._cut(carry, True)[0], offset)
        elif not offset:
            yield single(b"", 0, Reason.EMPTY_OBJECT, "the object holds no bytes")


def _with_last(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each piece and whether it is the last one, so that one block may hold all rows."""
    held = next(pieces, None)
    while held is not None:
        following = next(pieces, None)
        yield held, following is None
        held = following


def _shifted(blocks: list[Block], offset: int) -> Iterator[Block]:
    for block in blocks:
        block.offset += offset
        yield block


def after_newline(data: bytes) -> int:
    """Where the next line begins, or -1."""
    return data.find(b"\n") + 1 or -1
