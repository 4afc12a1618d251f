"""The tables that a test gives, typed as declared and written into a lake."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.declarations.resolution import Declarations
from pipeline_platform.declarations.tables import DeclaredTable
from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.testing.given import given_frame
from pipeline_platform.testing.sources import GivenRows

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from pipeline_platform.lake.lake import Lake

LATE = 1 << 31  # an epoch later than all that a test gives


def check_names(given: Iterable[str], inputs: Iterable[str], more: Iterable[str]) -> None:
    """Refuse tables that nothing reads, and inputs that are not given.

    `more` are tables that only checks look at. Raises UnknownName or DeclarationError.
    """
    named, needed = list(given), list(inputs)
    for name in named:
        if name not in {*needed, *more}:
            raise UnknownName("input", name, {*needed, *more}, where="tables")
    missing = [name for name in needed if name not in named]
    if missing:
        raise DeclarationError(
            f"the rows of {missing[0]} are not given",
            where="tables",
            known=f"inputs: {', '.join(needed)}; given: {', '.join(named) or 'none'}",
            remedy=f"give them, {{'{missing[0]}': [...]}}; an empty list for no rows",
        )


def write_tables(
    lake: "Lake", given: Mapping[str, GivenRows], declared: Declarations, reads: Collection[str]
) -> None:
    """Let the lake hold the given rows under the schemas of their declarations.

    `reads` are the words of what reads them, see `given_frame`.
    """
    streams = {str(s.contract.accepted): s.contract for s in declared.streams.values()}
    for name, rows in given.items():
        table = declared.tables[name]
        frame, schema = given_frame(name, rows, table.columns, reads, streams.get(name))
        _put(lake, table, frame, schema)
    for stream in declared.streams.values():
        if str(stream.contract.refused) in given:
            _let_be_seen(lake, stream.contract)


def _put(lake: "Lake", declared: DeclaredTable, frame: "pl.DataFrame", schema: "pa.Schema") -> None:
    table = lake.table(TableName.parse(str(declared.name)))
    table.ensure(schema, declared.partitioning.column if declared.partitioning else None)
    read = table.snapshot()
    if frame.height:
        with table.stage(read) as staging:
            staging.write(frame)
            files = staging.finish()
        table.replace(files, read=read, window=None)


def _let_be_seen(lake: "Lake", contract: StreamContract) -> None:
    """Commit the epochs of given refused rows: readers see those of committed epochs only."""
    from pipeline_platform.ingest.schemas import accepted_schema
    from pipeline_platform.ingest.tables import APP, StreamTables

    tables = StreamTables.of(contract, lake)
    tables.ledger.ensure()
    if not tables.accepted.exists():
        tables.accepted.ensure(accepted_schema(contract), "_day")
    tables.accepted.append([], transaction=(APP, LATE))
