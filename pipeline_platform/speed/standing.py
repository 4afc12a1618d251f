"""Where streams and their views stand, as the terminal shows it."""

from dataclasses import dataclass, field
from datetime import datetime

from pipeline_platform.errors import PlatformError


@dataclass
class ViewStanding:
    """A view: the last epoch in its answer (None before the first fold); what is wrong."""

    name: str
    as_of: int | None = None
    rising: bool = True
    trouble: PlatformError | None = None


@dataclass
class StreamStanding:
    """A stream, since the runner began.

    `rows` came in, in `epochs`; `head` is the last committed epoch. `lag_s` is from the
    landing of the latest object to the commit of its epoch, `seen_s` to its fold into every
    view. `waiting` objects with `waiting_bytes` are to be admitted.
    """

    stream: str
    rows: int = 0
    epochs: int = 0
    head: int | None = None
    last_commit: datetime | None = None
    lag_s: float | None = None
    seen_s: float | None = None
    waiting: int = 0
    waiting_bytes: int = 0
    held: bool = False
    trouble: PlatformError | None = None
    changed: dict[str, None] = field(default_factory=dict)
    views: dict[str, ViewStanding] = field(default_factory=dict)

    @property
    def troubles(self) -> list[PlatformError]:
        """What is wrong with the stream and its views."""
        found = [self.trouble, *(view.trouble for view in self.views.values())]
        return [error for error in found if error is not None]
