"""What the HTTP layer asks of answers: views by name, each at one version."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from pipeline_platform.contracts.charts import Chart
from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.serving.asked import Asked

if TYPE_CHECKING:
    import polars as pl


class About(Struct, frozen=True):
    """What a view says of itself; `keys` are the columns that are exactly a key, in order.

    `complete`: no two rows are equal in `keys`.
    """

    name: str
    columns: tuple[TableColumn, ...]
    keys: tuple[str, ...]
    description: str = ""
    owner: str = ""
    chart: Chart | None = None
    complete: bool = True


class Standing(Struct, frozen=True):
    """Where one version of a view stands.

    `as_of` is the highest epoch that it covers, -1 for none; `pin` names the version of the
    view for ever; `tag` names it with the versions of the dimensions that it joins. `cuts`
    are the epochs that batch has settled and `late` the rows after them, by coverage day.
    `changed_at` is when this server first saw `as_of`.
    """

    pin: str
    as_of: int
    cuts: Mapping[date, int | None]
    late: Mapping[date, int]
    changed_at: datetime
    tag: str = ""

    @property
    def late_rows(self) -> int:
        """Accepted rows that no batch has settled yet."""
        return sum(self.late.values())

    @property
    def batch_cut(self) -> int | None:
        """The smallest cut of the days that batch has settled; None where it settled none."""
        return min((cut for cut in self.cuts.values() if cut is not None), default=None)


class Answer(Protocol):
    """One version of a view's answer; later versions do not change what it gives."""

    @property
    def about(self) -> About: ...

    @property
    def standing(self) -> Standing: ...

    @property
    def quick(self) -> bool:
        """Whether a lookup by all keys takes well under a millisecond."""
        ...

    def rows(self, asked: Asked, offset: int, most: int) -> "pl.DataFrame":
        """At most `most` of the asked rows from `offset` on, in the order of the keys."""
        ...


class Answers(Protocol):
    """The views that are served; safe to share between threads."""

    def names(self) -> list[str]:
        """The views that answer now, by name."""
        ...

    def about(self, name: str) -> About:
        """What the view says of itself; UnknownName for an unknown view."""
        ...

    def newest(self, name: str) -> Answer:
        """The newest version; never one before a version given earlier.

        UnknownName for an unknown view; Loading at once while its rows are being read.
        """
        ...

    def ready(self) -> None:
        """Ask the source of the answers for a sign of life; PlatformError without one."""
        ...

    def keep(self, answer: Answer) -> None:
        """Hold this version for a while: somebody walks through its pages."""
        ...

    def tagged(self, name: str, tag: str) -> Answer:
        """The version that `tag` names; Gone where it is no longer held."""
        ...
