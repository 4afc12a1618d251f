"""What a runner is made of: protocols that the wiring fills in."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from pipeline_platform.contracts.epochs import Accounting
from pipeline_platform.errors import PlatformError


class Admitted(Protocol):
    """One epoch that was committed.

    `head` is its number, `accounting` its rows (nothing when another process committed it),
    `newest` tells when its latest object landed, `changed` are known objects whose bytes
    changed.
    """

    @property
    def head(self) -> int: ...
    @property
    def accounting(self) -> Accounting: ...
    @property
    def newest(self) -> datetime | None: ...
    @property
    def changed(self) -> tuple[str, ...]: ...


class Source(Protocol):
    """Admits one stream, epoch by epoch; `open` again after an error."""

    @property
    def name(self) -> str:
        """The stream."""
        ...

    @property
    def prefix(self) -> str:
        """Where its objects land."""
        ...

    @property
    def head(self) -> int:
        """The last epoch that it knows to be committed, -1 when there is none."""
        ...

    @property
    def waiting(self) -> int:
        """Objects that wait for admission."""
        ...

    @property
    def waiting_bytes(self) -> int:
        """Their stored bytes."""
        ...

    def open(self) -> None:
        """Learn where the stream stands."""
        ...

    def sight(self, keys: Iterable[str]) -> int:
        """Look at these keys; how many objects are new. From any one thread."""
        ...

    def survey(self) -> int:
        """List all that landed; how many objects are new. From any one thread."""
        ...

    def step(self, most_bytes: int, *, look: bool) -> Admitted | None:
        """Commit one epoch of at most so many stored bytes; None when nothing waits.

        `look` asks for epochs that other processes planned, too.
        """
        ...

    def tidy(self) -> None:
        """Compact the stream's tables."""
        ...

    def clean(self) -> None:
        """Free what old versions of its tables hold."""
        ...


class Folded(Protocol):
    """What a fold did: epochs up to `upto` are in, `rows` accepted rows more."""

    @property
    def upto(self) -> int: ...
    @property
    def rows(self) -> int: ...


class Kept(Protocol):
    """A view that is kept up."""

    @property
    def name(self) -> str:
        """The view."""
        ...

    def bring_up(self) -> None:
        """Build it beside what is live, and let it go live, when it is new or changed."""
        ...

    def tidy(self) -> None:
        """Compact its states."""
        ...

    def clean(self) -> None:
        """Free what old versions of its states hold."""
        ...


class Folder(Protocol):
    """Folds the views of a stream."""

    def fold(self, names: Sequence[str]) -> Mapping[str, Folded | PlatformError]:
        """One fold of each of these views, or why there was none."""
        ...


class Listener(Protocol):
    """Hears what was committed; it must return at once and not fail."""

    def admitted(self, stream: str, epoch: Admitted) -> None:
        """An epoch of the stream was committed."""
        ...

    def folded(self, view: str, folded: Folded) -> None:
        """Epochs went into the view's answer."""
        ...


class Nobody:
    """A listener that does not listen."""

    def admitted(self, stream: str, epoch: Admitted) -> None:
        """As of Listener."""

    def folded(self, view: str, folded: Folded) -> None:
        """As of Listener."""
