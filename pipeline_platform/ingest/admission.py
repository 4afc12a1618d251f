"""Admission: plan, process, commit, in the order that survives any crash.

Per epoch: the plan, then the refused rows (their commit fixes which objects could not be
read), then the accounting, then the accepted rows, whose commit makes the epoch visible.
Every commit carries the epoch as application transaction, so that a retry, or another
admission at the same time, finds what is done and skips it.
"""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Literal

import msgspec

from pipeline_platform.contracts.epochs import (
    Accounting,
    EpochPlan,
    ObjectRef,
    PlannedObject,
)
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.errors import SourceUnavailable
from pipeline_platform.ingest import accounts
from pipeline_platform.ingest.dedup import Deduplicator
from pipeline_platform.ingest.epoch import EpochRun, Staged
from pipeline_platform.ingest.fitting import refuse_misfit, refuse_stale
from pipeline_platform.ingest.generations import Reprocessed, still
from pipeline_platform.ingest.objects import checksum
from pipeline_platform.ingest.passes import Pass
from pipeline_platform.ingest.planning import bounded, difference
from pipeline_platform.ingest.registry import ContractRegistry
from pipeline_platform.ingest.report import AdmissionReport, Pending, Progress, Report, silent
from pipeline_platform.ingest.schemas import ACCOUNTING, rows_of
from pipeline_platform.ingest.tables import APP, StreamTables
from pipeline_platform.ingest.takes import taken
from pipeline_platform.lake.generations import APP as GENERATION
from pipeline_platform.lake.generations import admission_of
from pipeline_platform.lake.lake import Lake
from pipeline_platform.ports.clock import Clock
from pipeline_platform.ports.object_store import ObjectStore

DECODER_VERSION = 1
_PAUSES, _PAUSE_S = 1500, 0.02
_GENERATIONS = 3  # swaps that one pass outlives
Cuts = Callable[[int], dict[int, int] | None]
Choose = Callable[[], tuple[PlannedObject, ...]]


class Admission:
    """Admits what landed for one stream; any number of them may run at once.

    `epoch_bytes` bounds the stored bytes of the objects in one epoch. `witness` are the
    tables that know the checksums of admitted objects, by default its own. While `paused`
    says so no epoch is planned, for half a minute at most.
    """

    def __init__(
        self,
        contract: StreamContract,
        *,
        store: ObjectStore,
        lake: Lake,
        clock: Clock,
        epoch_bytes: int = 1 << 30,
        witness: StreamTables | None = None,
        paused: Callable[[], bool] = lambda: False,
    ) -> None:
        self.contract, self.lake = contract, lake
        self.tables = StreamTables.of(contract, lake)
        self._witness = witness or self.tables
        self.registry = ContractRegistry(contract.name, store)
        self._store, self._clock, self._epoch_bytes = store, clock, epoch_bytes
        self._generation, self._prepared, self._paused = 0, False, paused

    @property
    def generation(self) -> int:
        """The generation of accepted rows that `prepare` found; commits go into no other."""
        return self._generation

    def beside(self, lake: Lake, generation: int) -> "Admission":
        """The same admission with tables of this generation in another lake."""
        made = Admission(
            self.contract, store=self._store, lake=lake, clock=self._clock, witness=self.tables
        )
        made.tables.ensure(self.contract)
        if generation:
            made.tables.accepted.append([], transaction=(GENERATION, generation))
        return made

    def pending(self) -> Pending:
        """What a pass would find now; reads listings and the ledger only."""
        known, head = {}, -1
        if self.tables.ledger.table.exists():
            known, head = self.tables.ledger.known(), self.tables.ledger.head()
        new = difference(self.landed(), known)
        unfinished = head - self.tables.committed()
        newest = max((f"{ref.key}@{ref.version}" for ref in new.new), default="")
        return Pending(len(new.new), new.bytes, unfinished, head, newest)

    def run(self, report: Report = silent) -> AdmissionReport:
        """Finish planned epochs, then admit every object that has landed by now.

        Raises ContractChanged when accepted rows do not fit the contract, and
        SourceUnavailable when an object cannot be read for a passing reason.
        """
        for _ in range(_GENERATIONS):
            with suppress(Reprocessed):
                return self._pass(report)
        return self._pass(report)

    def _pass(self, report: Report) -> AdmissionReport:
        self.prepare()
        landed = self.landed()
        books = Pass(self.contract, self.tables, self.commit)
        books.finish_planned(report)
        while batch := self._next(landed):
            self.plan("arrival", arrivals(batch), self.tables.ledger.known_to + 1)
            books.finish_planned(report)
        changed = difference(landed, self.tables.ledger.known()).changed
        return books.report(self.really_changed(changed))

    def standing(self) -> AdmissionReport:
        """Where the stream stands, as a pass that did nothing tells it; no object is listed."""
        if not self.tables.accepted.exists():
            return AdmissionReport(
                self.contract.name, (), Accounting(), Accounting(), {}, {}, (), -1
            )
        return Pass(self.contract, self.tables, self.commit).report(())

    def replay(self, choose: Choose, report: Report = silent) -> AdmissionReport:
        """Admit what `choose` picks from committed epochs, as the next epoch."""
        self.prepare()
        books = Pass(self.contract, self.tables, self.commit)
        while True:
            books.finish_planned(report)
            head = self.tables.ledger.head()
            if self.tables.committed() < head:
                continue
            objects = choose()
            if not objects or self.plan("replay", objects, head + 1):
                break
        books.finish_planned(report)
        return books.report(())

    def finish(self, cuts: Cuts, report: Report = silent) -> None:
        """Commit every planned epoch, cutting objects where `cuts` of the epoch says."""
        self._generation = self.tables.generation()
        dedup = Deduplicator(self.contract)
        for plan in self.tables.ledger.plans(self.tables.committed() + 1):
            self.commit(plan, dedup, report, cuts(plan.epoch))

    def commit(
        self,
        plan: EpochPlan,
        dedup: Deduplicator,
        report: Report,
        cuts: dict[int, int] | None = None,
    ) -> Staged | None:
        """Process and commit one planned epoch; None when another admission did it.

        Raises Reprocessed when the accepted rows are of a later generation than `prepare`
        found.
        """
        staged = self._staged(plan, dedup, report, cuts)
        judged = (admission_of(self._generation), plan.epoch)
        if self.tables.refused.append(staged.refused, transaction=judged).already:
            staged = self._conforming(plan, staged, dedup, report)
        self._account(plan, staged)
        total = staged.books.total(plan)
        metadata = {"epoch": plan.epoch, "kind": plan.kind, "contract": plan.contract}
        counts = msgspec.structs.asdict(total)
        commit = self.tables.accepted.append(
            staged.accepted,
            transaction=(APP, plan.epoch),
            metadata=metadata | counts,
            check=lambda base: still(base, self._generation),
        )
        return None if commit.already else staged

    def prepare(self) -> None:
        """Make the tables, or bring them up; ContractChanged when accepted rows do not fit."""
        accepted = self.tables.accepted
        found = self.tables.generation() if accepted.exists() else 0
        if self._prepared and found != self._generation:
            refuse_stale(self.contract, self.registry, found)
        self._generation, self._prepared = found, True
        refuse_misfit(self.contract, self.registry, self.tables.ledger, found)
        self.tables.ensure(self.contract)

    def landed(self) -> list[ObjectRef]:
        """Every object that is there and settled."""
        landing = self.contract.landing
        settled = None
        if landing.settle_s:
            settled = self._clock() - timedelta(seconds=landing.settle_s)
        return list(self._store.list(landing.prefix, settled_before=settled))

    def _next(self, landed: list[ObjectRef]) -> tuple[ObjectRef, ...]:
        new = difference(landed, self.tables.ledger.known()).new
        return next(bounded(new, self._epoch_bytes), ())

    def plan(
        self,
        kind: Literal["arrival", "replay"],
        objects: tuple[PlannedObject, ...],
        epoch: int,
    ) -> EpochPlan | None:
        """Plan `epoch`; None when a racer planned it first.

        It must follow the last epoch that the choice of the objects has seen: planned any
        later, an object that a racer took meanwhile would be in two epochs.
        """
        self._wait()
        plan = EpochPlan(
            epoch=epoch,
            kind=kind,
            registered_at=self._clock(),
            contract=self.registry.record(self.contract),
            decoder=DECODER_VERSION,
            objects=objects,
            generation=self._generation,
        )
        return plan if self.tables.ledger.plan(plan) else None

    def _wait(self) -> None:
        """Let a reprocess come to its end; without that it is right too, but may not end."""
        for _ in range(_PAUSES):
            if not self._paused():
                return
            time.sleep(_PAUSE_S)

    def _staged(
        self,
        plan: EpochPlan,
        dedup: Deduplicator,
        report: Report,
        cuts: dict[int, int] | None = None,
    ) -> Staged:
        def progress(objects: int, rows: int) -> None:
            report(Progress(self.contract.name, plan.epoch, objects, len(plan.objects), rows))

        return EpochRun(
            plan,
            self.registry.contract(plan, self._generation),
            store=self._store,
            tables=self.tables,
            dedup=dedup,
            cuts=cuts if cuts is not None else self._cuts(plan),
            taken=taken(plan, self.tables, self._generation),
            known_checksum=lambda key: accounts.checksums(self._witness, [key]).get(key),
            progress=progress,
            generation=self._generation,
        ).stage()

    def _cuts(self, plan: EpochPlan) -> dict[int, int]:
        return self.tables.cuts(plan.epoch, self._generation) or {}

    def _conforming(
        self, plan: EpochPlan, staged: Staged, dedup: Deduplicator, report: Report
    ) -> Staged:
        """`staged`, or a new attempt that cuts the objects where the refusals say."""
        binding = self._cuts(plan)
        if staged.cuts == binding:
            return staged
        self.tables.accepted.discard(staged.accepted)
        lost = [p.ref.key for p in plan.objects if p.position in staged.cuts.keys() - binding]
        if lost:
            raise SourceUnavailable(
                f"epoch {plan.epoch} waits for {len(lost)} objects that were readable before",
                where=f"stream {self.contract.name}",
                known=", ".join(lost[:5]),
                remedy="restore the objects under their keys; admission then goes on by itself",
            )
        return self._staged(plan, Deduplicator(self.contract), report, binding)

    def _account(self, plan: EpochPlan, staged: Staged) -> None:
        rows = staged.books.rows(plan, staged.checksums, self._generation)
        with self.tables.accounting.stage(ACCOUNTING) as staging:
            staging.write(rows_of(ACCOUNTING, rows))
            files = staging.finish()
        judged = (admission_of(self._generation), plan.epoch)
        self.tables.accounting.append(files, transaction=judged)

    def really_changed(self, changed: tuple[ObjectRef, ...]) -> tuple[str, ...]:
        """Keys whose bytes differ; an object written again with equal bytes is as it was."""
        if not changed:
            return ()
        before = accounts.checksums(self.tables, [ref.key for ref in changed])
        known = self.tables.ledger.known()
        return tuple(
            ref.key
            for ref in changed
            if ref.size != known[ref.key].size
            or checksum(self._store, ref.key) != before.get(ref.key)
        )


def arrivals(refs: Iterable[ObjectRef]) -> tuple[PlannedObject, ...]:
    """Objects that arrive together, at their places in an epoch."""
    return tuple(PlannedObject(position, ref) for position, ref in enumerate(refs))
