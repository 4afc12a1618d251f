"""Cut CSV with a header into rows, and rows into cells."""

import re

import numpy as np

from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.contracts.verdicts import Reason
from pipeline_platform.errors import DeclarationError
from pipeline_platform.ingest.framing import Block, line_bounds, mark_long, too_long
from pipeline_platform.ingest.json_strict import Fault

_BROKEN = (Reason.MALFORMED, "a quote stands where CSV allows none, or is not closed")


class Dialect:
    """The contract's delimiter and quote, as expressions over the bytes of one row."""

    def __init__(self, contract: StreamContract) -> None:
        landing = contract.landing
        self.delimiter, self.quote = landing.delimiter.encode(), landing.quote.encode()
        if len(self.delimiter) != 1 or len(self.quote) > 1 or self.quote == self.delimiter:
            raise DeclarationError(
                f"delimiter {landing.delimiter!r} and quote {landing.quote!r} make no CSV",
                where=f"stream {contract.name}",
                known="one ASCII character each, different; an empty quote means no quoting",
                remedy="declare the characters that the source writes",
            )
        d, q = re.escape(self.delimiter), re.escape(self.quote)
        bare = rb"[^%b\r\n]*+" % (q + d)
        cell = rb"(?:%b(?:[^%b]|%b%b)*+%b|%b)" % (q, q, q, q, q, bare) if q else bare
        opened = rb"%b(?:[^%b]|%b%b)*+%b?" % (q, q, q, q, q) if q else bare
        self.row = re.compile(rb"%b(?:%b%b)*+(?=\r?\n)" % (cell, d, cell), re.DOTALL)
        self.last = re.compile(rb"%b(?:%b%b)*+(?=\r?\n?\Z)" % (cell, d, cell), re.DOTALL)
        self.partial = re.compile(rb"(?:%b%b)*+(?:%b|%b)\r?\Z" % (cell, d, opened, bare), re.DOTALL)
        self._cell = re.compile(rb"(?:^|%b)(%b)" % (d, cell), re.DOTALL)

    def cells(self, row: bytes) -> list[tuple[str, bool]]:
        """Text of each cell and whether it was quoted; Fault when the row is no CSV."""
        if not self.quote or self.quote not in row:
            if b"\r" in row:
                raise Fault(Reason.MALFORMED, "a carriage return stands inside the row")
            return [(_text(cell), False) for cell in row.split(self.delimiter)]
        if not self.last.fullmatch(row):
            raise Fault(*_BROKEN)
        return [self._unquoted(cell) for cell in self._cell.findall(row)]

    def _unquoted(self, cell: bytes) -> tuple[str, bool]:
        if not cell.startswith(self.quote):
            return _text(cell), False
        return _text(cell[1:-1].replace(self.quote * 2, self.quote)), True


class Header:
    """Which cell holds which field; `fault` refuses every row of the object.

    Faults, in this order: the header is no CSV, a name occurs twice, a name is unknown
    where the contract refuses that, a required column is absent.
    """

    def __init__(self, row: bytes, dialect: Dialect, contract: StreamContract) -> None:
        self.fault: Fault | None = None
        try:
            self.names = [text for text, _ in dialect.cells(row)]
        except Fault as fault:
            self.names, self.fault = [], Fault(fault.reason, f"header: {fault.detail}")
            return
        fields = {c.field: c.name for c in contract.columns}
        self.place = {fields[name]: at for at, name in enumerate(self.names) if name in fields}
        self.extra = {name: at for at, name in enumerate(self.names) if name not in fields}
        self.fault = self._judge(contract, fields)

    def _judge(self, contract: StreamContract, fields: dict[str, str]) -> Fault | None:
        for name in self.names:
            if self.names.count(name) > 1:
                detail = f"header: the column {name!r} occurs more than once"
                return Fault(Reason.DUPLICATE_FIELD, detail, fields.get(name, ""))
        if self.extra and contract.unknown_fields == "refuse":
            detail = f"header: the column {next(iter(self.extra))!r} is not in the contract"
            return Fault(Reason.UNKNOWN_FIELD, detail)
        for column in contract.columns:
            if not column.nullable and column.name not in self.place:
                detail = f"header: the required column {column.field!r} is absent"
                return Fault(Reason.MISSING, detail, column.name)
        return None


class CsvBlock(Block):
    """Rows of CSV and the header they stand under."""

    header: Header | None = None


class CsvCutter:
    """The cutter of one CSV object; it keeps the header that it met first."""

    def __init__(self, contract: StreamContract, dialect: Dialect) -> None:
        self._contract, self._dialect = contract, dialect
        self._longest = contract.landing.max_row_bytes
        self._header: Header | None = None

    def __call__(self, data: bytes, last: bool) -> tuple[list[Block], int]:
        """Blocks of rows under their header, and how many bytes are used up."""
        used = len(data) if last else data.rfind(b"\n") + 1
        faults: dict[int, tuple[Reason, str]] = {}
        if self._dialect.quote and self._dialect.quote in data:
            starts, ends, used = self._quoted(data, last, faults)
        elif used:
            found = line_bounds(data[:used], self._longest, space=b"\r")
            starts, ends = found[0].tolist(), found[1].tolist()
        else:
            return [], 0
        if starts and self._header is None:
            row = data[starts[0] : ends[0]]
            self._header = Header(row, self._dialect, self._contract)
            starts, ends = starts[1:], ends[1:]
            faults = {at - 1: fault for at, fault in faults.items() if at}
        if not starts or self._header is None:
            return [], used
        block = CsvBlock(
            data=data[:used],
            offset=0,
            starts=np.array(starts, np.int64),
            ends=np.array(ends, np.int64),
            faults=faults,
            header=self._header,
        )
        mark_long(block, self._longest)
        return [block], used

    def _quoted(
        self, data: bytes, last: bool, faults: dict[int, tuple[Reason, str]]
    ) -> tuple[list[int], list[int], int]:
        starts, ends, at = list[int](), list[int](), 0
        while at < len(data):
            fault: tuple[Reason, str] | None = None
            reach = min(len(data), at + self._longest + 2)
            final = last and reach == len(data)
            found = self._dialect.row.match(data, at, reach)
            if found is None and final:
                found = self._dialect.last.match(data, at, reach)
            beyond = reach - at > self._longest + 1
            if found is None and not last and not beyond and self._opened(data, at, reach):
                break
            if found:
                end = found.end()
            else:
                end = data.find(b"\n", at)
                if end < 0 and not last:
                    break
                end = len(data) if end < 0 else end
                long = beyond and self._opened(data, at, reach)
                fault = too_long(self._longest) if long else _BROKEN
            if fault:
                faults[len(starts)] = fault
            if end > at:
                starts.append(at)
                ends.append(at + len(data[at:end].removesuffix(b"\r")) if fault else end)
            newline = data.find(b"\n", end)
            at = len(data) if newline < 0 else newline + 1
        return starts, ends, at

    def _opened(self, data: bytes, at: int, reach: int) -> bool:
        return self._dialect.partial.match(data, at, reach) is not None


def _text(cell: bytes) -> str:
    try:
        return cell.decode()
    except UnicodeDecodeError:
        raise Fault(Reason.NOT_UTF8, "the row is not UTF-8") from None
