"""The only module that chooses implementations: profile to engine, lake and ports."""

from functools import cached_property

from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.engine.engine import Engine
from pipeline_platform.ports.clock import Clock
from pipeline_platform.ports.object_store import ObjectStore
from pipeline_platform.settings import Settings, from_environment, prepare_process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pipeline_platform.ingest.admission import Admission
    from pipeline_platform.lake.lake import Lake


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

    def admission(self, contract: StreamContract) -> "Admission":
        """The admission of one stream."""
        from pipeline_platform.ingest.admission import Admission

        return Admission(
            contract,
            store=self.store,
            lake=self.lake,
            clock=self.clock,
            epoch_bytes=self.settings.epoch_bytes,
        )


def platform(settings: Settings | None = None) -> Platform:
    """The platform of these settings, by default those of the environment."""
    return Platform(settings or from_environment())
