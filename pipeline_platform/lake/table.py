"""A Delta table: created, appended exactly once, replaced by partition."""

import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.errors import CommitConflict, UnknownName, WriteRefused
from pipeline_platform.lake.base import Base
from pipeline_platform.lake.change import Change
from pipeline_platform.lake.definition import TableDefinition, bring_up
from pipeline_platform.lake.files import Files
from pipeline_platform.lake.held import Held
from pipeline_platform.lake.log import HINT, Log, entry_path
from pipeline_platform.lake.schema import misfits
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.writer import StagedFile, Staging

ATTEMPTS = 40
_LONGEST_PAUSE_S = 0.2


class Unset(Enum):
    """Tells an argument that was left out from None."""

    UNSET = "unset"


UNSET = Unset.UNSET


@dataclass(frozen=True)
class Commit:
    """What a commit did; `already`: an earlier one had done it and nothing was written.

    `version` is the table's version that holds it (at the latest), `rows` those added.
    """

    version: int
    already: bool
    rows: int


class Names(Protocol):
    """Lists the tables that exist, for messages."""

    def names(self) -> list[TableName]: ...


class LakeTable:
    """One table by name; every method sees the newest version, a Snapshot holds one."""

    def __init__(
        self,
        name: TableName,
        uri: str,
        siblings: Names,
        storage_options: dict[str, str] | None = None,
        held: Held | None = None,
    ) -> None:
        self.name, self.uri = name, uri
        self._siblings, self._options = siblings, storage_options
        self._files, self._log = Files(uri), Log(uri)
        self._held = held or Held(uri, storage_options)

    def exists(self) -> bool:
        """Whether the table has been created."""
        return self._held.known() or self._log.exists()

    def ensure(self, schema: pa.Schema, partition_by: str | None, description: str = "") -> None:
        """Create the table, or give an existing one the new nullable columns of `schema`.

        Idempotent, also under races. Raises ContractChanged for any other difference and
        WriteRefused for a type that a table cannot hold. `partition_by` is a date column.
        """
        definition = TableDefinition.of(schema, partition_by, description, where=str(self.name))
        if self.exists() and self.snapshot().fits(definition):
            return
        if bring_up(self.uri, definition, where=str(self.name), storage_options=self._options):
            self._sync(self.snapshot().version)

    def snapshot(self, version: int | None = None) -> Snapshot:
        """The newest version, or the given one.

        Raises UnknownName when the table or this version of it is missing.
        """
        try:
            if version is None:
                return self._held.newest()
            return Snapshot(Base(self.uri, version, self._options))
        except TableNotFoundError:
            known = [str(name) for name in self._siblings.names()]
            raise UnknownName("table", str(self.name), known, where=self.uri) from None
        except DeltaError:
            if version is None:
                raise
            raise self._vanished(version) from None

    def _vanished(self, version: int) -> UnknownName:
        newest = self.snapshot().version
        return UnknownName(
            f"version of {self.name}",
            str(version),
            [f"the newest is {newest}; upkeep removes old ones that nobody keeps"],
            where=self.uri,
        )

    def stage(
        self,
        shape: Snapshot | pa.Schema,
        partition_by: str | None = None,
        *,
        buffer_bytes: int = 128 << 20,
    ) -> Staging:
        """A Staging for rows of this shape; a Snapshot knows its own partition column."""
        if isinstance(shape, Snapshot):
            shape, partition_by = shape.schema, shape.partition_by
        return Staging(
            self._files, shape, partition_by, where=str(self.name), buffer_bytes=buffer_bytes
        )

    def append(
        self,
        files: Sequence[StagedFile],
        *,
        transaction: tuple[str, int],
        metadata: Mapping[str, Any] | None = None,
        after: int | Unset | None = UNSET,
        transactions: Sequence[tuple[str, int]] = (),
        check: Callable[[Snapshot], None] | None = None,
    ) -> Commit:
        """Add the files' rows once per (application, version), however often it is called.

        When the table has seen this version of the application or a later one, the files
        are deleted and `already` is True. With `after` the table must stand at exactly that
        version of the application (None: never seen); elsewhere the files are deleted and
        CommitConflict is raised. `transactions` are further ones to note in the same
        commit. Without files it commits the transactions alone. `check` sees the very
        version that the commit follows and gives up by raising; the files are deleted then.
        Raises CommitConflict also when other writers won every attempt.
        """
        app, number = transaction
        change = Change(files, transactions=(transaction, *transactions), metadata=metadata or {})
        for base in self._attempts():
            seen = base.transaction_version(app)
            if seen is not None and seen >= number:
                self.discard(files)
                return Commit(base.version, already=True, rows=0)
            if after is not UNSET and seen != after:
                self.discard(files)
                raise self._conflict(f"{app} stands at {seen}, so {number} cannot follow {after}")
            if check is not None:
                self._checked(base, check, files)
            if self._commit(base, change):
                return Commit(base.version + 1, already=False, rows=_rows(files))
        raise self._conflict(f"append {transaction} lost every attempt")

    def exchange(
        self,
        remove: Collection[str],
        add: Sequence[StagedFile],
        *,
        transactions: Sequence[tuple[str, int]] = (),
        metadata: Mapping[str, Any] | None = None,
        data_change: bool,
        check: Callable[[Snapshot], None] | None = None,
    ) -> Commit:
        """Take exactly the files `remove` out and put `add` in; all else of the table stays.

        `check` sees the very version that the commit follows, at each attempt, and gives up
        by raising. Raises CommitConflict when a file of `remove` is no longer there, or when
        other writers won every attempt. The files of `add` are deleted unless committed.
        `data_change=False` promises that the rows stay the same.
        """
        gone = frozenset(remove)
        change = Change(add, gone, transactions, metadata or {}, data_change=data_change)
        with ExitStack() as undo:
            undo.callback(self.discard, add)
            for base in self._attempts():
                if check is not None:
                    check(base)
                missing = gone - base.paths(None)
                if missing:
                    raise self._conflict(f"{len(missing)} of {len(gone)} files are already gone")
                if self._commit(base, change):
                    undo.pop_all()
                    return Commit(base.version + 1, already=False, rows=_rows(add))
            raise self._conflict(f"exchange of {len(gone)} files lost every attempt")

    def replace(
        self,
        files: Sequence[StagedFile],
        *,
        read: Snapshot,
        window: DayWindow | None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Commit:
        """Let the files be all rows of the window's days (None: of the whole table).

        Other partitions are not touched. Raises WriteRefused for rows outside the window,
        CommitConflict when the window's rows changed after `read`.
        """
        self._refuse_outside(files, read, window)
        held = read.paths(window)
        change = Change(files, held, metadata=metadata or {})
        for base in self._attempts():
            if base.paths(window) != held:
                raise self._conflict(
                    f"{window or 'the table'} changed after version {read.version}"
                )
            if self._commit(base, change):
                return Commit(base.version + 1, already=False, rows=_rows(files))
        raise self._conflict(f"replace of {window or 'the table'} lost every attempt")

    def restate(
        self,
        files: Sequence[StagedFile],
        schema: pa.Schema,
        *,
        transactions: Sequence[tuple[str, int]],
        metadata: Mapping[str, Any],
        check: Callable[[Snapshot], None],
    ) -> Commit:
        """Let the files be all rows of the table and `schema` its columns, in one commit.

        The partition column stays. `check` as in `exchange`; when it raises, or other
        writers won every attempt (CommitConflict), the files are left for another try.
        """
        for base in self._attempts():
            check(base)
            gone = base.paths(None)
            if self._commit(base, Change(files, gone, transactions, metadata, schema=schema)):
                return Commit(base.version + 1, already=False, rows=_rows(files))
        raise self._conflict("another set of rows lost every attempt")

    def discard(self, files: Sequence[StagedFile]) -> None:
        """Delete staged files, except those that the newest version names."""
        if files:
            committed = self.snapshot().paths(None)
            self._files.delete(file.path for file in files if file.path not in committed)

    def _checked(
        self, base: Snapshot, check: Callable[[Snapshot], None], files: Sequence[StagedFile]
    ) -> None:
        with ExitStack() as undo:
            undo.callback(self.discard, files)
            check(base)
            undo.pop_all()

    def _attempts(self) -> Iterator[Snapshot]:
        """Fresh snapshots, with a growing random pause between them."""
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0, min(_LONGEST_PAUSE_S, 0.005 * 2**attempt)))
            yield self.snapshot()

    def _commit(self, base: Snapshot, change: Change) -> bool:
        """Commit durably as the version after `base`; whether nobody else took it."""
        self._refuse_misfits(change.add, base.schema if change.schema is None else change.schema)
        won = change.commit(base)
        if won and (base.version + 2) % base.base.checkpoint_interval == 0:
            self._checkpoint(base.version + 1)
        return won

    def _checkpoint(self, version: int) -> None:
        """Spare readers the log before it; that of a commit is no part of the commit.

        The hint at the last one goes: with it, Sail 0.7.2 finds no version before it.
        """
        with suppress(DeltaError):
            DeltaTable(self.uri, version, self._options).create_checkpoint()
        self._files.delete([HINT])

    def _sync(self, version: int) -> None:
        """Order across tables survives a loss of power only if each commit is durable."""
        entry = entry_path(version)
        self._files.sync_file(entry)
        self._files.sync_folders([entry])

    def _refuse_misfits(self, files: Sequence[StagedFile], columns: pa.Schema) -> None:
        for schema in {id(file.schema): file.schema for file in files}.values():
            found = misfits(schema, columns)
            if found:
                raise WriteRefused(
                    "staged rows do not fit the table",
                    where=str(self.name),
                    known="; ".join(found),
                    remedy="stage them with the table's present schema",
                )

    def _refuse_outside(
        self, files: Sequence[StagedFile], read: Snapshot, window: DayWindow | None
    ) -> None:
        if window is None:
            return
        if read.partition_by is None:
            raise WriteRefused(
                "a table without partitions has no days to replace",
                where=str(self.name),
                known=f"asked to replace {window}",
                remedy="replace the whole table, or partition it by a date column",
            )
        days = {f.partition for f in files if f.partition is None or f.partition not in window}
        if days:
            raise WriteRefused(
                f"rows outside the window {window}",
                where=str(self.name),
                known="days " + ", ".join(sorted(str(day or "NULL") for day in days)),
                remedy=f"let the statement give rows with {read.partition_by} in the window only",
            )

    def _conflict(self, what: str) -> CommitConflict:
        return CommitConflict(
            what,
            where=str(self.name),
            known=f"the table is at version {self.snapshot().version}",
            remedy="read the table again and repeat the work on the new version",
        )


def _rows(files: Sequence[StagedFile]) -> int:
    return sum(file.rows for file in files)
