"""Port: the right to be the only one who works on something, freed when its holder dies."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Holder:
    """Who holds a lease: what it is, its process and machine, and since when.

    `tells`: it tells Dagster what it does, so that nobody else has to look.
    """

    what: str
    pid: int
    host: str
    since: datetime
    tells: bool = False

    def __str__(self) -> str:
        since = f"{self.since:%Y-%m-%d %H:%M:%S} UTC"
        return f"{self.what}, process {self.pid} on {self.host}, since {since}"


class Lease(Protocol):
    """A lease that this process holds."""

    def release(self) -> None:
        """Let others have it."""
        ...


class Leases(Protocol):
    """Leases by name. A lease says who works; what is written stays right without it."""

    def take(self, name: str, what: str, *, tells: bool = False) -> Lease:
        """Hold `name` as `what`; LeaseHeld, naming the holder, if another process does."""
        ...

    def holder(self, name: str) -> Holder | None:
        """Who holds `name` now, None when nobody does."""
        ...
