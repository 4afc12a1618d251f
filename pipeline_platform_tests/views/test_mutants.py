"""Every rule, when broken, is caught by a history that the platform gets right."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline_platform.batch import change
from pipeline_platform.contracts.epochs import EpochPlan, PlannedObject
from pipeline_platform.errors import PlatformError
from pipeline_platform.ingest import admission, live
from pipeline_platform.ingest.dedup import Deduplicator
from pipeline_platform.ingest.planning import Difference, difference
from pipeline_platform.lake import refused
from pipeline_platform.lake.ledger import Ledger
from pipeline_platform.views import folding, publishing, states
from pipeline_platform.views.held import HeldStates
from pipeline_platform.views.publishing import Publish
from pipeline_platform_tests.views import histories

History = Callable[[Path], None]
Patch = pytest.MonkeyPatch
Mutant = Callable[[Patch], None]


def discovers_by_name(patch: Patch) -> None:
    """Objects below the greatest known name are not seen."""

    def newer(landed: Iterable[Any], known: Any) -> Difference:
        found = difference(landed, known)
        newest = max(known, default="")
        return Difference(tuple(ref for ref in found.new if ref.key > newest), found.changed)

    patch.setattr(admission, "difference", newer)


def plans_nothing(patch: Patch) -> None:
    """An epoch holds what has landed when it is processed, not what was planned."""
    commit = admission.Admission.commit

    def relisted(self: Any, plan: EpochPlan, *args: Any, **options: Any) -> Any:
        known = {ref.key for ref in self.tables.ledger.known().values()}
        late = [ref for ref in self.landed() if ref.key not in known]
        grown = [
            *plan.objects,
            *(PlannedObject(len(plan.objects) + n, ref) for n, ref in enumerate(late)),
        ]
        from msgspec.structs import replace

        return commit(self, replace(plan, objects=tuple(grown)), *args, **options)

    patch.setattr(admission.Admission, "commit", relisted)


def keeps_what_a_failed_epoch_taught(patch: Patch) -> None:
    """The cache of seen ids is not tagged with the epoch that is tried."""
    kept: dict[int, Deduplicator] = {}

    def keeping(self: Any) -> Deduplicator:
        return kept.setdefault(id(self), Deduplicator(self.contract))

    patch.setattr(live.LiveAdmission, "_deduplicator", keeping)
    patch.setattr(
        Deduplicator,
        "resolve",
        lambda self, suspects: _all_duplicates(self, suspects),
    )


def _all_duplicates(_: Any, suspects: pl.DataFrame) -> Any:
    from pipeline_platform.contracts.names import POSITION, ROW
    from pipeline_platform.ingest.dedup import Resolved

    places = suspects.select(POSITION, ROW)
    return Resolved(suspects.clear(), places, places.clear())


def forgets_the_day(patch: Patch) -> None:
    """An id is a repeat whatever its day."""
    made = Deduplicator.__init__

    def dayless(self: Any, contract: Any) -> None:
        made(self, contract)
        self._by_day, self._keys = False, self._identity

    patch.setattr(Deduplicator, "__init__", dayless)


def appends(patch: Patch) -> None:
    """A batch adds its rows and takes none away."""
    patch.setattr(Publish, "removed", lambda self, held: frozenset())


def reads_the_uncommitted(patch: Patch) -> None:
    """Refused rows are seen before their epoch is committed."""
    patch.setattr(
        refused.Visible,
        "of",
        lambda self, found: found.frame(),
    )


def cuts_by_event_time(patch: Patch) -> None:
    """The real-time path leaves out the days that the batch has settled."""
    stage = folding.stage

    def later(found: Any, before: HeldStates, *args: Any, **options: Any) -> Any:
        files = stage(found, before, *args, **options)
        return [file for file in files if file.partition not in before.cuts]

    patch.setattr(folding, "stage", later)


def lists_instead_of_reading_the_ledger(patch: Patch) -> None:
    """The batch reads whatever lies under the day."""
    read = publishing.accepted_rows

    def everything(*args: Any, **options: Any) -> str:
        return read(*args, **options | {"last": 1 << 40})

    patch.setattr(publishing, "accepted_rows", everything)


def drops_repeats_of_some_epochs(patch: Patch) -> None:
    """Repeats are looked for in the last epoch only, so that epochs before it are a hole."""
    begin = Deduplicator.begin

    def last_only(self: Any, accepted: Any) -> None:
        begin(self, accepted)
        newest = refused.ADMISSION
        committed = accepted.transaction_version(newest) or 0

        class Recent:
            def __getattr__(self, name: str) -> Any:
                return getattr(accepted, name)

            def frame(self, *args: Any, **options: Any) -> Any:
                between = {"_epoch": (committed, None)}
                return accepted.frame(*args, **options | {"between": between})

        self._accepted = Recent()

    patch.setattr(Deduplicator, "begin", last_only)


def publishes_backwards(patch: Patch) -> None:
    """A batch is published although a newer one was."""

    def removed(self: Publish, held: HeldStates) -> frozenset[str]:
        here = held.files.filter(pl.col("day").is_in(list(self.days)))
        return frozenset(here.filter(pl.col("last") <= self.cut)["file"])

    patch.setattr(Publish, "removed", removed)


def collects_by_age(patch: Patch) -> None:
    """A batch takes every older state of its days away, covered or not."""

    def removed(self: Publish, held: HeldStates) -> frozenset[str]:
        return frozenset(held.files.filter(pl.col("day").is_in(list(self.days)))["file"])

    patch.setattr(Publish, "removed", removed)


def plans_twice(patch: Patch) -> None:
    """The ledger takes a plan of an epoch that it has."""
    append = Ledger.plan

    def again(self: Ledger, plan: EpochPlan) -> bool:
        if self.head() < plan.epoch:
            return append(self, plan)
        from msgspec.structs import replace

        return append(self, replace(plan, epoch=self.head() + 1))

    patch.setattr(Ledger, "plan", again)


def merges_generations(patch: Patch) -> None:
    """States of two generations of accepted rows share a table."""
    from pipeline_platform.contracts.views import View

    named = View.states
    patch.setattr(View, "states", lambda self, generation: named(self, 0))
    for room in (folding, change):
        patch.setattr(room, "refuse_generation", lambda states, accepted: None)


def goes_live_empty(patch: Patch) -> None:
    """A changed view goes live before its history is in."""

    def nothing(self: Any, found: Any, accepted: Any) -> None:
        publishing.end_fill(found, publishing.begin_fill(found, folding.committed(accepted)))

    patch.setattr(change._Bringing, "_fill", nothing)


def goes_live_behind(patch: Patch) -> None:
    """A changed view goes live before it has caught up."""
    patch.setattr(change._Bringing, "_catch_up", lambda *_: None)


def counts_by_the_newest_version(patch: Patch) -> None:
    """A dimension is read as it is, whatever was pinned."""
    from pipeline_platform.views.pinned import COPY, PinnedDays

    def newest(self: Any, held: Any, numbers: Iterable[int]) -> list[pl.DataFrame]:
        rows = self._rows(self._version())
        return [rows.with_columns(pl.lit(n, pl.Int64).alias(COPY)) for n in set(numbers)]

    patch.setattr(PinnedDays, "_copied", newest)


MUTANTS: dict[Mutant, History] = {
    discovers_by_name: histories.arrives_under_an_earlier_name,
    plans_nothing: histories.lands_while_an_epoch_is_retried,
    keeps_what_a_failed_epoch_taught: histories.retries_in_one_process,
    forgets_the_day: histories.one_id_on_two_days,
    appends: histories.settles_a_folded_day,
    reads_the_uncommitted: histories.reads_while_an_epoch_is_uncommitted,
    cuts_by_event_time: histories.late_event_after_the_batch,
    lists_instead_of_reading_the_ledger: histories.settles_before_the_fold,
    drops_repeats_of_some_epochs: histories.repeats_an_old_event,
    publishes_backwards: histories.publishes_after_a_newer_batch,
    collects_by_age: histories.folds_while_a_batch_runs,
    plans_twice: histories.plans_an_epoch_twice,
    merges_generations: histories.rebuilds_the_accepted_rows,
    goes_live_empty: histories.changes_over_history,
    goes_live_behind: histories.changes_during_arrivals,
    counts_by_the_newest_version: histories.counts_late_events_of_a_day,
}


def compacts_across_a_cut(patch: Patch) -> None:
    """States on both sides of a batch's cut become one, and the batch takes no notice."""

    def removed(self: Publish, held: HeldStates) -> frozenset[str]:
        here = held.files.filter(pl.col("day").is_in(list(self.days)))
        return frozenset(here.filter(pl.col("last") <= self.cut)["file"])

    patch.setattr(Publish, "removed", removed)
    patch.setattr(states, "Claims", _NoClaims)


class _NoClaims:
    def __init__(self, uri: str) -> None: ...

    def least(self, at: Any) -> None:
        return None


MUTANTS[compacts_across_a_cut] = histories.compacts_while_a_batch_runs


@pytest.mark.parametrize("history", dict.fromkeys(MUTANTS.values()), ids=lambda h: h.__name__)
def test_the_platform_gets_the_history_right(history: History, tmp_path: Path) -> None:
    history(tmp_path)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.__name__)
def test_the_broken_rule_is_caught(mutant: Mutant, tmp_path: Path, monkeypatch: Patch) -> None:
    mutant(monkeypatch)
    with pytest.raises((AssertionError, PlatformError, pl.exceptions.PolarsError)):
        MUTANTS[mutant](tmp_path)
