"""Tells Dagster what the real-time path committed, now and then, off its commit path."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

import dagster as dg

from pipeline_platform.components.admission_events import (
    accounting_check,
    day_event,
    day_states,
    emptied_days,
    raw_event,
    reported_epoch,
    touched_days,
)
from pipeline_platform.components.instance import instance
from pipeline_platform.components.specs import days_of, key_of
from pipeline_platform.components.storage import STORAGE_ERRORS
from pipeline_platform.components.view_events import view_event
from pipeline_platform.components.watermark import watermark
from pipeline_platform.contracts.models import Partitioning
from pipeline_platform.contracts.names import DAY
from pipeline_platform.errors import PlatformError
from pipeline_platform.settings import project

if TYPE_CHECKING:
    from pipeline_platform.contracts.stream import StreamContract
    from pipeline_platform.declarations.resolution import Declarations
    from pipeline_platform.ingest.report import AdmissionReport
    from pipeline_platform.speed.parts import Admitted, Folded
    from pipeline_platform.wiring import Platform

EVERY_S = 10.0
"""Seconds between two events of one asset."""
_LAST_TRIES, _TRY_S = 3, 1.0


class StreamReport:
    """Hears what is admitted and folded; a thread of its own tells Dagster.

    What could not be told is told later: by the next try, or by whoever admits next.
    """

    def __init__(
        self,
        platform: "Platform",
        declared: "Declarations",
        streams: Sequence[str],
        every_s: float = EVERY_S,
    ) -> None:
        self._platform, self._declared, self._every = platform, declared, every_s
        self._names = streams
        self._streams: dict[str, AdmissionReport] = {}
        self._views: set[str] = set()
        self._lock, self._closing = Lock(), Event()
        self._thread = Thread(target=self._run, name="tell Dagster")

    def admitted(self, stream: str, epoch: "Admitted") -> None:
        """Keep what is to be told of the stream."""
        from pipeline_platform.ingest.report import AdmissionReport

        assert isinstance(epoch, AdmissionReport)
        with self._lock:
            before = self._streams.get(stream)
            self._streams[stream] = before.then(epoch) if before else epoch

    def folded(self, view: str, folded: "Folded") -> None:
        """Keep that the view is to be told of."""
        with self._lock:
            self._views.add(view)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def close(self) -> None:
        """Tell what is left, trying it a few times, and end."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        with instance(project()) as opened:
            self._catch_up(opened)
            while not self._closing.wait(self._every):
                self._tell(opened)
            for _ in range(_LAST_TRIES):
                if self._tell(opened):
                    return
                time.sleep(_TRY_S)

    def _catch_up(self, opened: dg.DagsterInstance) -> None:
        """Take up what was committed before and never told."""
        for name in self._names:
            try:
                self._take_up(opened, self._declared.streams[name].contract)
            except (*STORAGE_ERRORS, PlatformError):
                continue

    def _take_up(self, opened: dg.DagsterInstance, contract: "StreamContract") -> None:
        standing = self._platform.admission(contract).standing()
        if standing.head > reported_epoch(opened, contract, standing.generation):
            with self._lock:
                later = self._streams.get(contract.name)
                self._streams[contract.name] = standing.then(later) if later else standing

    def _tell(self, opened: dg.DagsterInstance) -> bool:
        """Whether all that there is was told."""
        with self._lock:
            streams, self._streams = self._streams, {}
            views, self._views = self._views, set()
        told = [self._tell_stream(opened, name, report) for name, report in streams.items()]
        told += [self._tell_view(opened, name) for name in sorted(views)]
        return all(told)

    def _tell_stream(
        self, opened: dg.DagsterInstance, name: str, report: "AdmissionReport"
    ) -> bool:
        contract = self._declared.streams[name].contract
        try:
            for event in self._stream_events(opened, contract, report):
                opened.report_runless_asset_event(event)
        except (*STORAGE_ERRORS, PlatformError):
            with self._lock:
                later = self._streams.get(name)
                self._streams[name] = report.then(later) if later else report
            return False
        return True

    def _stream_events(
        self, opened: dg.DagsterInstance, contract: "StreamContract", report: "AdmissionReport"
    ) -> Iterator[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
        """The days touched since Dagster was told last, then the admission itself."""
        states = day_states(self._platform, contract)
        days = days_of(Partitioning(DAY, contract.start, contract.end))
        known = set(days.get_partition_keys())
        after = reported_epoch(opened, contract, report.generation)
        emptied = emptied_days(opened, contract, states) if after < 0 else {}
        balanced = report.accounting.balanced and report.total.balanced
        if balanced:
            for day, state in sorted(touched_days({**emptied, **states}, after, known).items()):
                yield day_event(contract, day, state)
        raw = key_of(contract.ledger)
        yield _evaluation(accounting_check(report, raw), raw)
        yield raw_event(contract, report, states.values(), watermark(self._platform, contract))

    def _tell_view(self, opened: dg.DagsterInstance, name: str) -> bool:
        from pipeline_platform.views.reading import reading

        try:
            standing = reading(self._platform.lake, name).standing
            event = view_event(self._declared.views[name], standing)
            opened.report_runless_asset_event(event)
        except (*STORAGE_ERRORS, PlatformError):
            with self._lock:
                self._views.add(name)
            return False
        return True


def _evaluation(found: dg.AssetCheckResult, asset: dg.AssetKey) -> dg.AssetCheckEvaluation:
    """A check's result as an event outside of a run."""
    return dg.AssetCheckEvaluation(
        asset_key=asset,
        check_name=str(found.check_name),
        passed=found.passed,
        metadata=found.metadata,
        severity=found.severity,
        blocking=True,
    )


@contextmanager
def reporting(
    platform: "Platform", declared: "Declarations", streams: Sequence[str]
) -> Iterator[StreamReport]:
    """A report on `streams` that tells until the context ends, and then what is left."""
    made = StreamReport(platform, declared, streams)
    made.start()
    try:
        yield made
    finally:
        made.close()
