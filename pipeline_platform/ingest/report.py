"""What admission tells: pending work, progress, and the outcome of a pass."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from pipeline_platform.contracts.epochs import Accounting


@dataclass(frozen=True)
class Pending:
    """New objects and their stored bytes; epochs planned but not committed; the ledger's head.

    `newest` is the greatest (key, version) among the new objects, or empty.
    """

    objects: int
    bytes: int
    unfinished: int
    head: int
    newest: str

    def __bool__(self) -> bool:
        return bool(self.objects or self.unfinished)


@dataclass(frozen=True)
class Progress:
    """How far an epoch has come: objects done of all, rows landed so far."""

    stream: str
    epoch: int
    objects: int
    of: int
    rows: int


@dataclass(frozen=True)
class AdmissionReport:
    """The outcome of one pass.

    `epochs` were committed by it (a racer's are not counted); `accounting` is theirs,
    `total` that of all committed epochs; `days` counts newly accepted rows; `warnings`
    counts rows by rule; `changed` lists known objects whose bytes changed and which were
    not read again; `head` is the last committed epoch, -1 when there is none. `newest`
    tells when the latest of the admitted objects changed, where that is known;
    `generation` is that of the accepted rows, 0 until they are reprocessed.
    """

    stream: str
    epochs: tuple[int, ...]
    accounting: Accounting
    total: Accounting
    days: dict[date, int]
    warnings: dict[str, int]
    changed: tuple[str, ...]
    head: int
    newest: datetime | None = None
    generation: int = 0

    def then(self, later: "AdmissionReport") -> "AdmissionReport":
        """Both passes as one."""
        return AdmissionReport(
            stream=self.stream,
            epochs=self.epochs + later.epochs,
            accounting=self.accounting + later.accounting,
            total=later.total,
            days=dict(sorted((Counter(self.days) + Counter(later.days)).items())),
            warnings=dict(Counter(self.warnings) + Counter(later.warnings)),
            changed=tuple(dict.fromkeys(self.changed + later.changed)),
            head=later.head,
            newest=max(filter(None, (self.newest, later.newest)), default=None),
            generation=later.generation,
        )


Report = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """A report that nobody reads."""
