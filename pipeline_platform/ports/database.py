"""Port: somebody's relational database, read by consistent snapshots."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from pipeline_platform.contracts.source_tables import SourceTable

if TYPE_CHECKING:
    import polars as pl

Chunk = dict[str, "Sequence[Any] | pl.Series"]
"""Values by column name, in the contract's order, as the database's driver gives them, or a
series whose `to_list` is that."""


class Database(Protocol):
    """A database that rows are read from and nothing is ever written to."""

    def snapshot(self, table: SourceTable) -> AbstractContextManager[Iterator[Chunk]]:
        """All rows of one instant, in chunks of at most `chunk_rows`, in the order of the key.

        The instant is fixed when the context is entered; leaving it ends the transaction.
        No two rows have keys that the database holds equal, and no key has a NULL.
        Naive timestamps are in UTC. Raises SourceUnavailable for what may pass by itself
        (no connection, the time limit), Abort for what a person has to mend; no message
        holds the URL or any part of it.
        """
        ...
