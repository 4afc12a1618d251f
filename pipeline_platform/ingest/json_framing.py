"""Cut concatenated JSON values into rows, and find the next one after a broken one."""

import json
import re

import numpy as np

from pipeline_platform.contracts.verdicts import Reason
from pipeline_platform.ingest.framing import Block, Cut, Positions, mark_long, too_long

WINDOW = 1 << 16
_SPACE = np.isin(np.arange(256), [9, 10, 13, 32])
_OPENS = np.isin(np.arange(256), [0x5B, 0x7B])
_BRACKETS = np.isin(np.arange(256), [0x5B, 0x7B, 0x5D, 0x7D])
_INK = re.compile(rb"[^ \t\r\n]")
_RESUME = re.compile(rb"\n(?=\{)")
_LINE_IN_VALUE = (Reason.MALFORMED, "the value does not end before a line that begins with {")
_UNENDED = (Reason.MALFORMED, "the object ends inside the value")
_NO_OBJECT = (Reason.MALFORMED, "a JSON object was expected here")


def resume(data: bytes) -> int:
    """Where the next line that begins with `{` begins, or -1."""
    found = _RESUME.search(data)
    return found.end() if found else -1


def cut_json(longest: int) -> Cut:
    """A cutter for JSON objects that follow each other with or without white space.

    A value begins with `{` and ends at the bracket that closes it. It is refused, and the
    next line that begins with `{` begins the next row, when no valid JSON could go on
    with that line, when the bracket never comes, or when something else than `{` stands
    where a value should begin.
    """

    def cut(data: bytes, last: bool) -> tuple[list[Block], int]:
        walk = _Walk(data, longest, last)
        used = walk.run()
        if not walk.starts:
            return [], used
        bounds = np.array(walk.starts, np.int64), np.array(walk.ends, np.int64)
        block = Block(data[:used], 0, *bounds, walk.faults)
        mark_long(block, longest)
        return [block], used

    return cut


class _Walk:
    """One pass over a buffer: bounds and faults of the rows found so far."""

    def __init__(self, data: bytes, longest: int, last: bool) -> None:
        self.data, self.longest, self.last = data, longest, last
        self.codes = np.frombuffer(data, np.uint8)
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.faults: dict[int, tuple[Reason, str]] = {}

    def run(self) -> int:
        """Frame what can be framed; the number of bytes consumed."""
        at, window = 0, WINDOW
        while found := _INK.search(self.data, at):
            at = found.start()
            reached = -1
            if self.data[at] == 0x7B:
                reached = self._whole_values(at, min(at + window, len(self.data)))
                if reached < 0 and window <= 2 * self.longest and at + window < len(self.data):
                    window *= 2
                    continue
                reached = reached if reached >= 0 else self._unended(at)
            else:
                reached = self._rubbish(at)
            if reached < 0:
                return at
            at, window = reached, WINDOW
        return len(self.data)

    def _whole_values(self, at: int, until: int) -> int:
        """Take the values that end before `until`; where the next begins, -1 if none ends."""
        starts, ends = _objects(self.codes[at:until])
        starts, ends = starts + at, ends + at
        long = np.flatnonzero(ends - starts > self.longest)
        if len(long):
            starts, ends = starts[: long[0]], ends[: long[0]]
        if not len(starts):
            return self._broken_line(at, until)
        doubtful = self._first_doubtful(starts, ends)
        self.starts += starts[:doubtful].tolist()
        self.ends += ends[:doubtful].tolist()
        if doubtful == len(starts):
            return int(ends[-1])
        return self._judge(int(starts[doubtful]), int(ends[doubtful]))

    def _first_doubtful(self, starts: Positions, ends: Positions) -> int:
        """The first value that holds a line beginning with `{`, or how many there are."""
        codes, first = self.codes[starts[0] : ends[-1]], starts[0]
        lines = np.flatnonzero((codes[:-1] == 10) & (codes[1:] == 0x7B)) + first + 1
        place = np.searchsorted(starts, lines, side="right") - 1
        inside = place[(lines > starts[place]) & (lines < ends[place])]
        return int(inside[0]) if len(inside) else len(starts)

    def _judge(self, start: int, end: int) -> int:
        """Take a value that holds a line beginning with `{`, whole or up to that line."""
        broken = self._broken_line(start, end)
        if broken >= 0:
            return broken
        if _parses(self.data[start:end]):
            self.starts.append(start)
            self.ends.append(end)
            return end
        return self._refuse(start, resume_at(self.data, start), _LINE_IN_VALUE)

    def _broken_line(self, start: int, until: int) -> int:
        """Refuse the value up to its first line with `{` that cannot belong to it; or -1."""
        line = resume_at(self.data, start, until)
        if line < 0 or _goes_on(self.data[start : line + 1]):
            return -1
        return self._refuse(start, line, _LINE_IN_VALUE)

    def _unended(self, start: int) -> int:
        """Refuse a value that is too long or never ends; -1 when more bytes are needed."""
        line = resume_at(self.data, start)
        if line >= 0:
            return self._refuse(start, line, _LINE_IN_VALUE)
        return self._refuse(start, len(self.data), _UNENDED) if self.last else -1

    def _rubbish(self, start: int) -> int:
        """Refuse what is no object; -1 when more bytes are needed."""
        line = resume_at(self.data, start)
        if line < 0 and not self.last:
            return -1
        return self._refuse(start, line if line >= 0 else len(self.data), _NO_OBJECT)

    def _refuse(self, start: int, end: int, fault: tuple[Reason, str]) -> int:
        long = end - start > self.longest + 1
        self.faults[len(self.starts)] = too_long(self.longest) if long else fault
        self.starts.append(start)
        self.ends.append(start + len(self.data[start:end].rstrip(b" \t\r\n")))
        return end


def resume_at(data: bytes, start: int, until: int | None = None) -> int:
    """Where a line that begins with `{` begins after `start`, or -1."""
    found = _RESUME.search(data, start, len(data) if until is None else until)
    return found.end() if found else -1


def _objects(codes: np.ndarray) -> tuple[Positions, Positions]:
    """Bounds of the bracketed values at the head of `codes` that follow without rubbish."""
    quotes = np.flatnonzero(codes == 0x22)
    slashes = np.flatnonzero(codes == 0x5C)
    if len(slashes):
        quotes = quotes[~_escaped(quotes, slashes)]
    brackets = np.flatnonzero(_BRACKETS[codes])
    outside = np.searchsorted(quotes, brackets) % 2 == 0
    brackets = brackets[outside]
    opens = _OPENS[codes[brackets]]
    depth = np.cumsum(np.where(opens, 1, -1))
    negative = np.flatnonzero(depth < 0)
    if len(negative):
        brackets, opens, depth = (x[: negative[0]] for x in (brackets, opens, depth))
    ends = brackets[~opens & (depth == 0)] + 1
    starts = brackets[opens & (depth == 1)][: len(ends)]
    return _without_rubbish(codes, starts, ends)


def _without_rubbish(
    codes: np.ndarray, starts: Positions, ends: Positions
) -> tuple[Positions, Positions]:
    """The leading values between which only white space lies, and that begin with `{`."""
    good = codes[starts] == 0x7B
    gaps = np.concatenate((starts[:1], starts[1:] - ends[:-1]))
    for at in np.flatnonzero(gaps > 0).tolist():
        before = ends[at - 1] if at else 0
        good[at] &= bool(_SPACE[codes[before : starts[at]]].all())
    bad = np.flatnonzero(~good)
    many = int(bad[0]) if len(bad) else len(starts)
    return starts[:many], ends[:many]


def _escaped(quotes: Positions, slashes: Positions) -> np.ndarray:
    """Which quotes follow an odd run of backslashes."""
    first = np.concatenate(([True], np.diff(slashes) != 1))
    begin = np.maximum.accumulate(np.where(first, np.arange(len(slashes)), 0))
    place = np.searchsorted(slashes, quotes) - 1
    touches = (place >= 0) & (slashes[place] == quotes - 1)
    run = place - begin[place] + 1
    odd: np.ndarray = touches & (run % 2 == 1)
    return odd


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _goes_on(prefix: bytes) -> bool:
    """Whether JSON that begins with `prefix`, which ends in `{`, can still become valid."""
    text = _text(prefix)
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.pos >= len(text)
    except (RecursionError, ValueError):
        return True
    return True


def _parses(data: bytes) -> bool:
    try:
        json.loads(_text(data))
    except json.JSONDecodeError:
        return False
    except (RecursionError, ValueError):
        return True
    return True
