"""Reprocess: the rows of a stream judged anew from raw, swapped in as a new generation.

The ledger is run from its first epoch in a lake beside the real one, under the contract as
declared now. What arrives meanwhile is run too, until one commit of the accepted table
finds it where the rebuild ends and exchanges all files, the schema and the generation.
Refused rows and accounting of the new generation are written before and count from then on.
"""

from contextlib import ExitStack, suppress
from dataclasses import dataclass

import msgspec

from pipeline_platform.contracts.epochs import Accounting
from pipeline_platform.contracts.evolution import misfits
from pipeline_platform.errors import Abort, CommitConflict
from pipeline_platform.ingest import accounts
from pipeline_platform.ingest.admission import DECODER_VERSION, Admission
from pipeline_platform.ingest.generations import still, swap_lease
from pipeline_platform.ingest.raw_check import refuse_lost
from pipeline_platform.ingest.report import Report, silent
from pipeline_platform.ingest.schemas import ACCOUNTING, REFUSED
from pipeline_platform.ingest.scratch import Scratch
from pipeline_platform.lake.adoption import adopted
from pipeline_platform.lake.generations import ADMISSION, APP, BEFORE, admission_of, files_over
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.table import LakeTable
from pipeline_platform.ports.clock import Clock
from pipeline_platform.ports.lease import Leases
from pipeline_platform.ports.object_store import ObjectStore

_PAUSED_EPOCHS = 20  # so few are rebuilt while planning pauses
_FREE_ROUNDS = 5
_ROUNDS = 50
_PLANS = 500


@dataclass(frozen=True)
class Outlook:
    """What a reprocess would do: epochs `0..last`, their objects and stored bytes, the
    present generation, and what of the contract accepted rows do not fit."""

    stream: str
    generation: int
    last: int
    objects: int
    bytes: int
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Rebuilt:
    """What a reprocess did: the new generation, its last epoch, the books before and after.

    `resumed` tells that it went on where a dead one had stopped; `rounds` counts how often
    it followed arrivals.
    """

    stream: str
    generation: int
    last: int
    before: Accounting
    after: Accounting
    resumed: bool
    rounds: int


def outlook(admission: Admission, store: ObjectStore) -> Outlook:
    """What `reprocess` would do now.

    Raises Abort when nothing was admitted yet, or raw objects are gone or changed.
    """
    tables, name = admission.tables, admission.contract.name
    if not tables.accepted.exists() or tables.ledger.head() < 0:
        raise Abort(
            "nothing was admitted yet, so there is nothing to rebuild",
            where=f"stream {name}",
            known="its ledger holds no epoch",
            remedy=f"admit what landed with `pipeline-platform admit {name}`",
        )
    last, head, generation = tables.committed(), tables.ledger.head(), tables.generation()
    old = admission.registry.contract(tables.ledger.plans(head, head)[0], generation)
    objects, size = refuse_lost(tables, store, last)
    changes = tuple(misfits(old, admission.contract))
    return Outlook(name, generation, last, objects, size, changes)


def reprocess(
    admission: Admission,
    *,
    store: ObjectStore,
    leases: Leases,
    clock: Clock,
    report: Report = silent,
) -> Rebuilt:
    """Rebuild the accepted rows, the refused ones and the accounting, and swap them in.

    The old generation answers until then. May be ended at any moment: the next call goes
    on from there if the contract is the same. Takes the disk of the stream's tables once
    more. Raises Abort as `outlook` does, LeaseHeld when another process reprocesses the
    stream, and CommitConflict when another generation was swapped in first.
    """
    name = admission.contract.name
    with ExitStack() as held:
        lease = leases.take(f"reprocess-{name}", f"reprocess of stream {name}")
        held.callback(lease.release)
        outlook(admission, store)
        run = _Run(admission, leases, clock, report)
        try:
            return run.rebuild()
        finally:
            run.resume_planning()


class _Run:
    """One attempt, which a former one may have begun."""

    def __init__(self, admission: Admission, leases: Leases, clock: Clock, report: Report) -> None:
        self._admission, self._tables = admission, admission.tables
        self._leases, self._report = leases, report
        self._name = admission.contract.name
        self._base = self._tables.generation()
        self._scratch = Scratch(admission)
        found = self._scratch.resumable()
        self._resumed = found is not None
        self.number = found or admission.registry.reserve(
            self._base, admission.contract, DECODER_VERSION, clock()
        )
        self._again = self._scratch.open(self.number)
        self._planning, self._paused = ExitStack(), False

    def rebuild(self) -> Rebuilt:
        """Follow the stream until the swap finds it where the rebuild ends."""
        self._tables.ledger.ensure()
        self._tables.refused.ensure(REFUSED, None)
        self._tables.accounting.ensure(ACCOUNTING, None)
        before = accounts.total(self._tables)
        for rounds in range(1, _ROUNDS + 1):
            last = self._tables.committed()
            self._pause_planning(last, rounds)
            self._run_to(last)
            self._adopt(self._again.tables.refused, self._tables.refused, last)
            self._adopt(self._again.tables.accounting, self._tables.accounting, last)
            if self._swapped(last):
                after = accounts.total(self._tables, last=last)
                self._scratch.clear(self.number, self.number)
                self._collect()
                return Rebuilt(self._name, self.number, last, before, after, self._resumed, rounds)
        raise CommitConflict(
            f"stream {self._name} ran ahead of its rebuild {_ROUNDS} times",
            where=str(self._tables.accepted.name),
            known=f"it is at epoch {self._tables.committed()}",
            remedy="run it again: it goes on from here; or stop what admits the stream",
        )

    def resume_planning(self) -> None:
        """Let epochs be planned again."""
        self._planning.close()

    def _pause_planning(self, last: int, rounds: int) -> None:
        """Near the end, or when that does not come nearer, nobody plans another epoch."""
        behind = last - self._again.tables.committed()
        near = rounds > 1 and behind <= _PAUSED_EPOCHS
        if not self._paused and (near or rounds > _FREE_ROUNDS):
            lease = self._leases.take(swap_lease(self._name), f"swap of stream {self._name}")
            self._planning.callback(lease.release)
            self._paused = True

    def _run_to(self, last: int) -> None:
        ledger = self._again.tables.ledger
        for first in range(ledger.head() + 1, last + 1, _PLANS):
            for plan in self._tables.ledger.plans(first, min(last, first + _PLANS - 1)):
                ledger.plan(plan)
        self._again.finish(lambda _: None, self._report)

    def _adopt(self, made: LakeTable, real: LakeTable, last: int) -> None:
        """Add what the real table lacks of the rebuilt epochs, which nobody sees as yet."""
        app = admission_of(self.number)
        done = real.snapshot().transaction_version(app)
        if last > (-1 if done is None else done):
            files = adopted(made.snapshot(), real, app, done)
            real.append(files, transaction=(app, last), after=done)

    def _collect(self) -> None:
        """Drop refused rows and accounting that no reader can ask for; else the next one does."""
        for table in (self._tables.refused, self._tables.accounting):
            if over := files_over(table.snapshot(), self.number, self._base):
                with suppress(CommitConflict):
                    table.exchange(over, (), data_change=True)

    def _swapped(self, last: int) -> bool:
        """Whether the accepted table is of this generation now; not if it moved on."""
        made = self._again.tables.accepted.snapshot()
        real = self._tables.accepted
        transactions = [(APP, self.number), (BEFORE, self._base)]
        books = accounts.total(self._again.tables)
        metadata = {
            "epoch": last,
            "kind": "generation",
            "generation": self.number,
            "contract": self._admission.contract.fingerprint,
        }
        try:
            real.restate(
                adopted(made, real, ADMISSION),
                made.schema,
                transactions=[*transactions, *([(ADMISSION, last)] if last >= 0 else [])],
                metadata=metadata | msgspec.structs.asdict(books),
                check=lambda base: self._unmoved(base, last),
            )
        except _MovedOn:
            return False
        return True

    def _unmoved(self, base: Snapshot, last: int) -> None:
        still(base, self._base)
        if base.last(ADMISSION) != last:
            raise _MovedOn


class _MovedOn(Exception):
    """An epoch was committed after the rebuild read the ledger."""
