"""One pass of an admission, and its books."""

from collections import Counter
from collections.abc import Callable
from datetime import date

from pipeline_platform.contracts.epochs import Accounting, EpochPlan
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.ingest import accounts
from pipeline_platform.ingest.dedup import Deduplicator
from pipeline_platform.ingest.epoch import Staged
from pipeline_platform.ingest.report import AdmissionReport, Report
from pipeline_platform.ingest.tables import StreamTables

Commit = Callable[[EpochPlan, Deduplicator, Report], Staged | None]


class Pass:
    """One pass of an admission: the epochs it committed and their books."""

    def __init__(self, contract: StreamContract, tables: StreamTables, commit: Commit) -> None:
        self._contract, self._tables, self._commit = contract, tables, commit
        self._dedup = Deduplicator(contract)
        self._epochs: list[int] = []
        self._sum = Accounting()
        self._days: Counter[date] = Counter()
        self._warnings: Counter[str] = Counter()

    def finish_planned(self, report: Report) -> None:
        """Commit every planned epoch that is not, oldest first."""
        tables = self._tables
        for plan in tables.ledger.plans(tables.committed() + 1):
            staged = self._commit(plan, self._dedup, report)
            if staged is None:
                self._dedup = Deduplicator(self._contract)
                continue
            self._epochs.append(plan.epoch)
            self._sum += staged.books.total(plan)
            self._days.update(staged.books.days)
            self._warnings.update(staged.books.warnings)

    def report(self, changed: tuple[str, ...]) -> AdmissionReport:
        """What the pass did."""
        tables = self._tables
        return AdmissionReport(
            stream=self._contract.name,
            epochs=tuple(self._epochs),
            accounting=self._sum,
            total=accounts.total(tables),
            days=dict(sorted(self._days.items())),
            warnings=dict(self._warnings),
            changed=changed,
            head=tables.committed(),
            generation=tables.generation(),
        )
