"""The decompressed bytes of an object, in bounded pieces."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from msgspec import Struct

from pipeline_platform.contracts.verdicts import Reason

STEP = 1 << 15  # deflate expands at most 1032 times, so a step gives at most 34 MB
_GZIP = b"\x1f\x8b"


class Ending(Struct, frozen=True):
    """Why an object ended before its last byte: what the rest is refused for."""

    reason: Reason
    detail: str


class Inflated:
    """Reads `stream`, plain or gzip by its first two bytes, up to `limit` bytes.

    `pieces(size)` yields non-empty bytes of about `size` (the last one may be shorter);
    afterwards `ending` says why reading stopped early, or is None. Everything that could be
    decompressed before a fault is yielded. Members may follow each other and be followed
    by zero padding. An error of `stream` itself is raised.
    """

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream, self._limit = stream, limit
        self.ending: Ending | None = None

    def pieces(self, size: int) -> Iterator[bytes]:
        """The object's bytes, in order; to be called once."""
        head = self._stream.read(2)
        while 0 < len(head) < 2 and (more := self._stream.read(1)):
            head += more
        source = self._gunzip(head) if head == _GZIP else self._plain(head, size)
        left, parts, held = self._limit, list[bytes](), 0
        for data in source:
            if len(data) > left:
                detail = f"the object is longer than max_object_bytes ({self._limit}) decompressed"
                self.ending = Ending(Reason.OBJECT_TOO_LARGE, detail)
            parts.append(data[:left])
            held += len(parts[-1])
            left -= len(parts[-1])
            if held >= size or self.ending:
                yield b"".join(parts)
                parts, held = [], 0
            if self.ending and self.ending.reason is Reason.OBJECT_TOO_LARGE:
                return
        if held:
            yield b"".join(parts)

    def _plain(self, head: bytes, size: int) -> Iterator[bytes]:
        if head:
            yield head
        while data := self._stream.read(size):
            yield data

    def _gunzip(self, head: bytes) -> Iterator[bytes]:
        inflater, data = zlib.decompressobj(wbits=31), head
        while data or (data := self._stream.read(STEP)):
            if inflater.eof:
                data = data.lstrip(b"\x00")
                if not data:
                    continue
                inflater = zlib.decompressobj(wbits=31)
            before = inflater.copy()
            try:
                out = inflater.decompress(data)
            except zlib.error as error:
                yield _readable(before, data)
                self.ending = Ending(Reason.UNREADABLE, f"gzip: {_cause(error)}")
                return
            if out:
                yield out
            data = inflater.unused_data
        if not inflater.eof:
            self.ending = Ending(Reason.UNREADABLE, "gzip: the object ends inside a member")


def _cause(error: zlib.error) -> str:
    return str(error).split(": ", 1)[-1]


def _readable(inflater: "zlib._Decompress", data: bytes) -> bytes:
    """What `inflater` gives for `data` before its fault."""
    out = bytearray()
    for at in range(len(data)):
        try:
            out += inflater.decompress(data[at : at + 1])
        except zlib.error:
            break
    return bytes(out)
