"""Rows of text: cells of CSV under a header, groups of an expression."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.contracts.verdicts import Reason
from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.ingest.csv_framing import Dialect, Header
from pipeline_platform.ingest.json_strict import Fault, canonical
from pipeline_platform.ingest.precise import RowReader, cell_readers, cell_value


def csv_row_reader(contract: StreamContract, dialect: Dialect) -> Callable[[Header], RowReader]:
    """The reader of CSV rows, for each header.

    The first fault in this order is named: the header's; NOT_UTF8 and MALFORMED; then, by
    the contract's order of columns, null, type, range. Unquoted null tokens are NULL.
    """
    columns, nulls = cell_readers(contract), frozenset(contract.landing.null_values)
    keep = contract.unknown_fields == "keep"

    def under(header: Header) -> RowReader:
        def read(row: bytes) -> list[Any]:
            if header.fault:
                raise header.fault
            cells = dialect.cells(row)
            if len(cells) != len(header.names):
                detail = f"the row has {len(cells)} cells, the header {len(header.names)}"
                raise Fault(Reason.MALFORMED, detail)
            texts = [None if not quoted and text in nulls else text for text, quoted in cells]
            found = {name: texts[at] for name, at in header.place.items()}
            values = [cell_value(c, r, found.get(c.name), c.name in found) for c, r in columns]
            return (
                [*values, _extra({n: texts[at] for n, at in header.extra.items()})]
                if keep
                else values
            )

        return read

    return under


def text_row_reader(contract: StreamContract) -> RowReader:
    """The reader of lines that fully match the contract's expression.

    The first fault in this order is named: NOT_UTF8, MALFORMED; then, by the contract's
    order of columns, absent (no such group), null (a token, or the group took no part),
    type, range.
    """
    expression = compiled(contract)
    columns, nulls = cell_readers(contract), frozenset(contract.landing.null_values)
    fields = {c.field for c in contract.columns}
    keep = contract.unknown_fields == "keep"

    def read(row: bytes) -> list[Any]:
        try:
            match = expression.fullmatch(row.decode())
        except UnicodeDecodeError as error:
            detail = f"byte {error.start} of the row is not UTF-8"
            raise Fault(Reason.NOT_UTF8, detail) from None
        if not match:
            raise Fault(Reason.MALFORMED, "the line does not match the contract's pattern")
        found = {n: None if text in nulls else text for n, text in match.groupdict().items()}
        values = [cell_value(c, r, found.get(c.field), c.field in found) for c, r in columns]
        return (
            [*values, _extra({n: t for n, t in found.items() if n not in fields})]
            if keep
            else values
        )

    return read


def compiled(contract: StreamContract) -> re.Pattern[str]:
    """The contract's expression; a group that is no field is refused where fields are."""
    try:
        expression = re.compile(contract.landing.pattern)
    except re.error as error:
        raise DeclarationError(
            f"the pattern is no regular expression: {error}",
            where=f"stream {contract.name}",
            known="Python's regular expressions with named groups (?P<name>...)",
            remedy="mend the pattern at the place named",
        ) from None
    fields = [c.field for c in contract.columns]
    for group in expression.groupindex:
        if group not in fields and contract.unknown_fields == "refuse":
            raise UnknownName("column", group, fields, where=f"pattern of stream {contract.name}")
    return expression


def _extra(cells: Mapping[str, str | None]) -> str | None:
    return canonical(dict(cells)) if cells else None
