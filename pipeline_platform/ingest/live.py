"""Admission of one stream for long: what one epoch taught is kept for the next."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from pipeline_platform.contracts.epochs import Accounting, EpochPlan, ObjectRef
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.ingest import accounts
from pipeline_platform.ingest.admission import Admission, arrivals
from pipeline_platform.ingest.books import Books
from pipeline_platform.ingest.dedup import Deduplicator
from pipeline_platform.ingest.epoch import Staged
from pipeline_platform.ingest.intake import Intake
from pipeline_platform.ingest.planning import EPOCH_OBJECTS
from pipeline_platform.ingest.report import AdmissionReport, silent
from pipeline_platform.lake.compaction import compact, plan_compaction
from pipeline_platform.lake.table import LakeTable
from pipeline_platform.lake.upkeep import keep, make_busy
from pipeline_platform.ports.clock import Clock
from pipeline_platform.ports.object_store import ObjectStore


class LiveAdmission:
    """Admits epoch by epoch, beside any other admission of the stream.

    `sight` and `survey` may be called from other threads than `open` and `step`. After an
    error the next call of `open` starts from the tables again.
    """

    def __init__(self, admission: Admission, *, store: ObjectStore, clock: Clock) -> None:
        self._admission, self._store, self._clock = admission, store, clock
        self._settle = timedelta(seconds=self.contract.landing.settle_s)
        self._unsettled: dict[str, None] = {}
        self._intake = Intake({})
        self._plans: list[EpochPlan] = []
        self._planned = self._committed = -1
        self._total = Accounting()
        self._dedup: Deduplicator | None = None

    @property
    def contract(self) -> StreamContract:
        """The contract it admits under."""
        return self._admission.contract

    @property
    def name(self) -> str:
        """The stream."""
        return self.contract.name

    @property
    def prefix(self) -> str:
        """Where its objects land."""
        return self.contract.landing.prefix

    @property
    def head(self) -> int:
        """The last epoch that it knows to be committed, -1 when there is none."""
        return self._committed

    @property
    def waiting(self) -> int:
        """Objects that were seen and not planned, and plans that were not committed."""
        return len(self._intake) + len(self._plans)

    @property
    def waiting_bytes(self) -> int:
        """Stored bytes of the objects that wait."""
        return self._intake.bytes

    def open(self) -> None:
        """Learn from the tables where the stream stands, and list what landed.

        Raises as `Admission.run` does.
        """
        self._admission.prepare()
        for table in self._tables():
            make_busy(table)
        tables = self._admission.tables
        self._planned = tables.ledger.head()
        self._intake = Intake(tables.ledger.known())
        self._stand()
        self._plans = tables.ledger.plans(self._committed + 1)
        self.survey()

    def sight(self, keys: Iterable[str]) -> int:
        """Hints: look at these keys, below those that end in a slash; how many are new."""
        return self._intake.see(self._settled(self._refs([*self._unsettled, *keys])))

    def survey(self) -> int:
        """The truth: list everything that landed; how many objects are new."""
        return self._intake.see(self._admission.landed())

    def step(
        self, most_bytes: int, most_objects: int = EPOCH_OBJECTS, *, look: bool = False
    ) -> AdmissionReport | None:
        """Commit one epoch: a planned one if there is any, else of what waits; None without.

        `look` asks the ledger for epochs that others planned. Raises as `Admission.run`.
        """
        try:
            return self._step(most_bytes, most_objects, look)
        except BaseException:
            self._dedup = None
            raise

    def _step(self, most_bytes: int, most_objects: int, look: bool) -> AdmissionReport | None:
        if look and self._follow():
            return self._told(None, None)
        if not self._plans:
            taken = self._intake.take(most_bytes, most_objects)
            if not taken:
                return None
            self._plan(taken)
        if not self._plans:
            return self._told(None, None)
        plan = self._plans[0]
        if self._admission.tables.committed() != plan.epoch - 1:
            self._dedup = None
        staged = self._admission.commit(plan, self._deduplicator(), silent)
        self._plans.pop(0)
        return self._told(plan, staged)

    def _plan(self, taken: tuple[ObjectRef, ...]) -> None:
        plan = self._admission.plan("arrival", arrivals(taken), self._planned + 1)
        if plan is not None:
            self._plans, self._planned = [plan], plan.epoch
            self._intake.planned(taken)
        else:
            self._follow()
            self._intake.give_back()

    def _follow(self) -> bool:
        """Take note of epochs that others planned; whether they committed some, too."""
        before = self._committed
        for plan in self._admission.tables.ledger.plans(self._planned + 1):
            self._plans.append(plan)
            self._planned = plan.epoch
            if plan.kind == "arrival":
                self._intake.planned(planned.ref for planned in plan.objects)
        if self._admission.tables.committed() > before:
            self._dedup = None
            self._stand()
            self._plans = [plan for plan in self._plans if plan.epoch > self._committed]
        return self._committed > before

    def _deduplicator(self) -> Deduplicator:
        self._dedup = self._dedup or Deduplicator(self.contract)
        return self._dedup

    def _stand(self) -> None:
        self._committed = self._admission.tables.committed()
        self._total = accounts.total(self._admission.tables)

    def _told(self, plan: EpochPlan | None, staged: Staged | None) -> AdmissionReport:
        """What became of the epoch; what another admission committed is not counted."""
        books, counted, landed = Books(), Accounting(), list[datetime]()
        if plan is not None and staged is not None:
            books, counted = staged.books, staged.books.total(plan)
            self._committed = plan.epoch
            self._total += counted
        else:
            self._dedup = None
            self._stand()
        for planned in plan.objects if plan else ():
            if changed := self._store.changed_at(planned.ref):
                landed.append(changed)
        return AdmissionReport(
            stream=self.contract.name,
            epochs=(plan.epoch,) if plan and staged else (),
            accounting=counted,
            total=self._total,
            days=dict(sorted(books.days.items())),
            warnings=dict(books.warnings),
            changed=self._admission.really_changed(self._intake.changed()),
            head=self._committed,
            newest=max(landed, default=None),
        )

    def _refs(self, keys: Iterable[str]) -> Iterator[ObjectRef]:
        for key in keys:
            if key.endswith("/"):
                yield from self._store.list(key)
            elif ref := self._store.stat(key):
                yield ref
            else:
                self._unsettled.pop(key, None)

    def _settled(self, refs: Iterable[ObjectRef]) -> Iterator[ObjectRef]:
        """The refs that have not changed lately; the others are looked at again."""
        limit = self._clock() - self._settle
        for ref in refs:
            changed = self._store.changed_at(ref)
            if self._settle and (changed is None or changed > limit):
                self._unsettled[ref.key] = None
            else:
                self._unsettled.pop(ref.key, None)
                yield ref

    def tidy(self) -> None:
        """Merge the small files of the stream's tables, which grow by one or more per epoch."""
        for table in self._tables():
            for step in plan_compaction(table.snapshot()):
                compact(table, step)

    def clean(self) -> None:
        """Delete files and log of versions that no reader holds any longer."""
        for table in self._tables():
            keep(table, self._clock())

    def _tables(self) -> tuple[LakeTable, ...]:
        tables = self._admission.tables
        return tables.accepted, tables.ledger.table, tables.accounting, tables.refused
