"""A generation of a stream's rows: its contract, and holding work against its end."""

from datetime import datetime

from msgspec import Struct

from pipeline_platform.errors import CommitConflict
from pipeline_platform.lake.generations import generation_of
from pipeline_platform.lake.snapshot import Snapshot


class Generation(Struct, frozen=True):
    """The write-once record of a rebuild: its number and the fingerprint of the contract
    under which it decodes every epoch that was planned before it."""

    number: int
    contract: str
    decoder: int
    begun: datetime


class Reprocessed(CommitConflict):
    """The stream was reprocessed while its epoch was worked on; a new attempt fits."""


def swap_lease(stream: str) -> str:
    """The lease under which the last epochs are rebuilt; no epoch is planned meanwhile."""
    return f"swap-{stream}"


def still(accepted: Snapshot, generation: int) -> None:
    """Raise Reprocessed when the accepted rows are of another generation by now."""
    found = generation_of(accepted)
    if found != generation:
        raise Reprocessed(
            "the stream was reprocessed meanwhile",
            where=accepted.uri,
            known=f"this work began in generation {generation}, the rows are of {found}",
            remedy="run it again; nothing was written",
        )
