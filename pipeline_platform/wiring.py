"""The only module that chooses implementations: profile to engine, lake and ports."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Literal, overload

from pipeline_platform.contracts.source_tables import SourceTable
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.engine.engine import Engine, Lender
from pipeline_platform.ports.clock import Clock
from pipeline_platform.ports.lease import Leases
from pipeline_platform.ports.object_store import ObjectStore
from pipeline_platform.ports.watch import Watch
from pipeline_platform.settings import Settings, from_environment, prepare_process, source_url

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from pyspark.sql import DataFrame

    from pipeline_platform.batch.change import Brought
    from pipeline_platform.batch.change import Report as Filled
    from pipeline_platform.contracts.views import View
    from pipeline_platform.features.training import Manifest, TrainingSet
    from pipeline_platform.ingest.admission import Admission
    from pipeline_platform.ingest.report import Report
    from pipeline_platform.ingest.reprocess import Rebuilt
    from pipeline_platform.lake.lake import Lake
    from pipeline_platform.serving.lake_answer import Said
    from pipeline_platform.serving.lake_answers import LakeAnswers
    from pipeline_platform.snapshots.snapshots import Snapshots
    from pipeline_platform.speed.kept import KeptView
    from pipeline_platform.speed.lane import Lane
    from pipeline_platform.speed.parts import Listener
    from pipeline_platform.views.handle import ViewHandle
    from pipeline_platform.views.proof import Proof

LIVE_ROWS = 500_000  # in one fold, so that none takes much longer than a second


class Platform:
    """Everything a run needs, made when first asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def store(self) -> ObjectStore:
        """The landing store."""
        from pipeline_platform.ports.local.object_store import FolderStore

        return FolderStore(self.settings.landing)

    @cached_property
    def clock(self) -> Clock:
        """The clock."""
        from pipeline_platform.ports.local.clock import now

        return now

    @cached_property
    def lake(self) -> "Lake":
        """The lake."""
        from pipeline_platform.lake.lake import Lake

        return Lake(self.settings.lake)

    @cached_property
    def engine(self) -> Engine:
        """The engine; its session starts on first use."""
        prepare_process(self.settings.engine)
        if self.settings.engine == "spark":
            from pipeline_platform.engine.spark import SparkEngine

            return SparkEngine()
        if self.settings.engine == "connect":
            from pipeline_platform.engine.connect import ConnectEngine

            return ConnectEngine(self.settings.spark_remote)
        from pipeline_platform.engine.sail import SailEngine

        return SailEngine()

    @cached_property
    def lasting(self) -> Lender:
        """The engine of processes that run for days, lent for one piece of work after another."""
        if self.settings.engine != "sail":
            return self.engine
        prepare_process(self.settings.engine)
        from pipeline_platform.engine.lasting import LastingSail

        return LastingSail()

    def admission(self, contract: StreamContract) -> "Admission":
        """The admission of one stream."""
        from pipeline_platform.ingest.admission import Admission
        from pipeline_platform.ingest.generations import swap_lease

        return Admission(
            contract,
            store=self.store,
            lake=self.lake,
            clock=self.clock,
            epoch_bytes=self.settings.epoch_bytes,
            paused=lambda: self.leases.holder(swap_lease(contract.name)) is not None,
        )

    def reprocess(self, contract: StreamContract, report: "Report | None" = None) -> "Rebuilt":
        """Rebuild the accepted rows of a stream from raw, under the contract as it is now."""
        from pipeline_platform.ingest.report import silent
        from pipeline_platform.ingest.reprocess import reprocess

        return reprocess(
            self.admission(contract),
            store=self.store,
            leases=self.leases,
            clock=self.clock,
            report=report or silent,
        )

    @cached_property
    def leases(self) -> Leases:
        """Who runs which stream."""
        from pipeline_platform.ports.local.lease import FileLeases

        return FileLeases(self.settings.leases, self.clock)

    @cached_property
    def watch(self) -> Watch | None:
        """Hints of what landed; None where the landing store gives none."""
        from pipeline_platform.ports.local.watch import FolderWatch

        return FolderWatch(self.settings.landing)

    def lane(
        self,
        contract: StreamContract,
        views: "Sequence[View]",
        *,
        stop: Event,
        tell: "Listener | None" = None,
        once: bool = False,
    ) -> "Lane":
        """The real-time path of one stream: its admission, and the folds of its views."""
        from pipeline_platform.ingest.live import LiveAdmission
        from pipeline_platform.speed.lane import Lane
        from pipeline_platform.speed.parts import Nobody
        from pipeline_platform.speed.together import Together

        return Lane(
            LiveAdmission(self.admission(contract), store=self.store, clock=self.clock),
            [self._kept(view) for view in views],
            Together(contract.accepted, lender=self.lasting, lake=self.lake, most_rows=LIVE_ROWS),
            stop=stop,
            clock=self.clock,
            tell=tell or Nobody(),
            epoch_bytes=self.settings.epoch_bytes,
            once=once,
        )

    def _kept(self, view: "View") -> "KeptView":
        from pipeline_platform.speed.fold import clean, compact
        from pipeline_platform.speed.kept import KeptView

        lake, clock = self.lake, self.clock
        return KeptView(
            view.name,
            self._on_loan(partial(self._bring_up, view)),
            self._on_loan(partial(compact, view, lake=lake, clock=clock)),
            partial(clean, view, lake=lake, clock=clock),
        )

    def _on_loan(self, work: Callable[..., object]) -> Callable[[], object]:
        def done() -> object:
            with self.lasting.lent() as engine:
                return work(engine=engine)

        return done

    @cached_property
    def pages(self) -> ObjectStore:
        """The store of the charts' pages."""
        from pipeline_platform.ports.local.object_store import FolderStore

        return FolderStore(self.settings.pages)

    def snapshots(self, table: SourceTable) -> "Snapshots":
        """The snapshots of one operational table."""
        from pipeline_platform.ports.local.database import SqlDatabase
        from pipeline_platform.snapshots.snapshots import Snapshots

        return Snapshots(
            table,
            database=SqlDatabase(lambda: source_url(table, self.settings.home)),
            store=self.store,
            lake=self.lake,
            clock=self.clock,
        )

    @overload
    def load(self, name: str, as_: Literal["pandas"] = "pandas") -> "pd.DataFrame": ...
    @overload
    def load(self, name: str, as_: Literal["polars"]) -> "pl.DataFrame": ...
    @overload
    def load(self, name: str, as_: Literal["arrow"]) -> "pa.Table": ...
    @overload
    def load(self, name: str, as_: Literal["pyspark"]) -> "DataFrame": ...
    def load(
        self, name: str, as_: Literal["pandas", "polars", "arrow", "pyspark"] = "pandas"
    ) -> Any:
        """All rows of `layer.name`, a table or a view, at its newest version; timestamps in UTC.

        Raises UnknownName for an unknown name or kind of frame.
        """
        if as_ == "pyspark":
            from pipeline_platform.models.query import frame

            return frame(name, engine=self.engine, lake=self.lake)
        from pipeline_platform.models.listing import load

        return load(self.lake, self.engine, name, as_)

    def bring_up(self, view: "View", report: "Filled | None" = None) -> "Brought":
        """Let `view` answer, once it was held against its own SQL on this engine.

        Raises as `batch.change.bring_up` does, and Abort where it would answer wrongly.
        """
        return self._bring_up(view, engine=self.engine, report=report)

    def _bring_up(
        self, view: "View", *, engine: Engine, report: "Filled | None" = None
    ) -> "Brought":
        from pipeline_platform.batch.change import bring_up
        from pipeline_platform.views.before_use import check_before_use

        check_before_use(view, engine=engine, lake=self.lake)
        return bring_up(view, engine=engine, lake=self.lake, clock=self.clock, report=report)

    def proof(self, name: str) -> "Proof":
        """What recomputes the present answer of a view; UnknownName where none is live."""
        from pipeline_platform.views.proof import Proof
        from pipeline_platform.views.reading import reading

        held = reading(self.lake, name)
        accepted = self.lake.table(held.view.source).snapshot()
        return Proof(held, accepted, self.engine, self.lake)

    def view(self, name: str) -> "ViewHandle":
        """One view: its answer, its standing, pins; UnknownName when it is read and not live."""
        from pipeline_platform.views.handle import ViewHandle

        return ViewHandle(name, self.engine, self.lake, self.clock)

    def answers(
        self, said: Mapping[str, "Said"], *, most_bytes: int, report: Callable[[str], None]
    ) -> "LakeAnswers":
        """The views as the server gives them, at most `most_bytes` of them held in memory."""
        from pipeline_platform.serving.lake_answers import LakeAnswers

        return LakeAnswers(
            lender=self.lasting,
            lake=self.lake,
            clock=self.clock,
            said=said,
            most_bytes=most_bytes,
            report=report,
        )

    def training_set(
        self,
        name: str,
        start: date | None = None,
        end: date | None = None,
        *,
        columns: Sequence[str] | None = None,
    ) -> "TrainingSet":
        """The rows of `layer.name` with a day in [start, end), by default all, with a manifest.

        Raises UnknownName for a table or column, Abort for days of a table without partitions.
        """
        from pipeline_platform.features.training import training_set

        now = self.clock()
        return training_set(self.lake, name, start, end, columns=columns, as_of=now)

    def rebuild_training_set(self, manifest: "Manifest | str | Path") -> "TrainingSet":
        """The training set that a manifest, or the file it lies in, describes; byte for byte.

        Abort where the rows are no longer held, or are not those that were taken.
        """
        from pipeline_platform.features.training import rebuild

        return rebuild(self.lake, manifest)


def platform(settings: Settings | None = None) -> Platform:
    """The platform of these settings, by default those of the environment."""
    return Platform(settings or from_environment())
