"""The contract of an operational table: what is read of a database."""

import hashlib
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.names import TableName, check_name
from pipeline_platform.contracts.types import SCALARS, DataType
from pipeline_platform.errors import DeclarationError, UnknownName

VALID_FROM = "valid_from"  # timestamp: since when a version holds
VALID_TO = "valid_to"  # timestamp: until when, NULL while it is current
IS_CURRENT = "is_current"  # boolean: whether the source held it at the last snapshot
LEDGER = (
    TableColumn("number", "bigint", False, "Number of the snapshot, from 1 without holes."),
    TableColumn("taken_at", "timestamp", False, "Instant of the rows; it increases strictly."),
    TableColumn("rows", "bigint", False, "Rows of the source's table at that instant."),
    TableColumn(
        "parts", "array<string>", False, "Keys of its Parquet objects, in the order of the key."
    ),
    TableColumn("bytes", "bigint", False, "Bytes of its objects, shared ones included."),
    TableColumn("content", "string", False, "Hash over its objects; equal for equal rows."),
    TableColumn("contract", "string", False, "Fingerprint of the contract in force."),
)
VERSION = (
    TableColumn(
        VALID_FROM, "timestamp", False, "Since when the version holds; 1900 for a key's first."
    ),
    TableColumn(VALID_TO, "timestamp", True, "Until when it held; NULL while it is current."),
    TableColumn(IS_CURRENT, "boolean", False, "Whether the source held it at the last snapshot."),
)
KEY_TYPES = tuple(kind for kind in SCALARS if kind not in ("float", "double", "boolean", "binary"))


class SourceColumn(Struct, frozen=True, forbid_unknown_fields=True):
    """One typed column; `source` is its name in the database where it differs from `name`.

    `personal` names the kind of personal data the column holds, or is empty.
    """

    name: str
    type: DataType
    nullable: bool = True
    description: str = ""
    personal: str = ""
    source: str = ""

    @property
    def field(self) -> str:
        """The column's name in the database."""
        return self.source or self.name


class SourceTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of somebody's database, as snapshots of it are taken.

    `key` names the columns that identify a row; they are never NULL. `table` is the name
    in the database (default: `name`), in `schema` where that is not the default one.
    `url_variable` names the environment variable that holds the SQLAlchemy URL,
    `replica_variable` one that is preferred when set; `file` is a SQLite file below the
    home, read when neither is set. `chunk_rows` rows are read by one statement;
    `time_limit_s` seconds may pass from connecting to the last row.
    Raises DeclarationError for what no database could be read by.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[SourceColumn, ...]
    table: str = ""
    schema: str = ""
    url_variable: str = ""
    replica_variable: str = ""
    file: str = ""
    chunk_rows: int = 50_000
    time_limit_s: float = 600.0

    def __post_init__(self) -> None:
        check_name(self.name, kind="table")
        names = [column.name for column in self.columns]
        for name in self.key:
            if name not in names:
                raise UnknownName("key column", name, names, where=self.name)
        for what, known, remedy in self._faults(names):
            raise DeclarationError(what, where=self.name, known=known, remedy=remedy)

    def _faults(self, names: list[str]) -> Iterable[tuple[str, str, str]]:
        repeated = sorted({n for n in names if names.count(n) > 1})
        repeated += sorted({n for n in self.key if self.key.count(n) > 1})
        taken = sorted({*names} & {column.name for column in VERSION})
        scalar = [c for c in self.columns if c.type.name not in SCALARS]
        unfit = [c for c in self.columns if c.name in self.key and c.type.name not in KEY_TYPES]
        if not self.key:
            yield "no key", ", ".join(names), "name the columns that identify a row"
        if repeated:
            yield f"named twice: {', '.join(repeated)}", ", ".join(names), "name each once"
        if taken:
            known = f"{', '.join(c.name for c in VERSION)} are columns of the history"
            yield (
                f"column name {taken[0]} is taken",
                known,
                "rename it; `source` keeps the old name",
            )
        if scalar:
            what = f"column {scalar[0].name} has type {scalar[0].type}"
            yield what, f"types of a column: {', '.join(SCALARS)}", "read it as a string"
        if unfit:
            what = f"key column {unfit[0].name} has type {unfit[0].type}"
            yield what, f"types of a key: {', '.join(KEY_TYPES)}", "choose another key"
        if self.chunk_rows < 1 or self.time_limit_s <= 0:
            known = f"chunk_rows {self.chunk_rows}, time_limit_s {self.time_limit_s}"
            yield "chunk_rows and time_limit_s must be positive", known, "raise them"

    @property
    def ledger(self) -> TableName:
        """The ledger of the snapshots, `raw.<name>`."""
        return TableName("raw", self.name)

    @property
    def current(self) -> TableName:
        """The rows as the last folded snapshot holds them, `serving.<name>`."""
        return TableName("serving", self.name)

    @property
    def history(self) -> TableName:
        """Every version of every row, `serving.<name>__history`."""
        return TableName("serving", f"{self.name}__history")

    @property
    def source(self) -> str:
        """The table as people name it in its database."""
        return ".".join(part for part in (self.schema, self.table or self.name) if part)

    def column(self, name: str) -> SourceColumn:
        """The column called `name`; KeyError if there is none."""
        found = {column.name: column for column in self.columns}
        return found[name]

    def nullable(self, column: SourceColumn) -> bool:
        """Whether the column may hold NULL; a key column never may."""
        return column.nullable and column.name not in self.key

    @property
    def table_columns(self) -> tuple[TableColumn, ...]:
        """The columns of `serving.<name>`, as tables declare theirs."""
        return tuple(
            TableColumn(c.name, str(c.type), self.nullable(c), c.description, c.personal)
            for c in self.columns
        )

    @property
    def fingerprint(self) -> str:
        """16 hex digits over what decides the rows: key, columns, table and schema."""
        columns = [(c.name, str(c.type), self.nullable(c), c.field) for c in self.columns]
        said = (self.name, self.key, columns, self.schema, self.table or self.name)
        return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:16]
