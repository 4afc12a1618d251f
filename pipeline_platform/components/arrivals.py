"""The arrival sensor: notices what landed, asks for one admission."""

import hashlib
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import dagster as dg

from pipeline_platform.components.admission_events import present_generation, reported_epoch
from pipeline_platform.components.resource import PlatformResource
from pipeline_platform.components.specs import key_of
from pipeline_platform.contracts.stream import StreamContract

if TYPE_CHECKING:
    from pipeline_platform.wiring import Platform

STREAM_TAG = "pipeline_platform/stream"
EVERY_SECONDS = 10
_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@dataclass(frozen=True)
class Arrival:
    """What a stream waits for.

    `objects` and `bytes` landed and unknown to the ledger, the `newest` of them;
    `unfinished` epochs planned and not committed; `committed` the last committed epoch,
    `reported` the last one of this `generation` whose days Dagster was told of.
    """

    objects: int
    bytes: int
    newest: str
    unfinished: int
    committed: int
    reported: int
    generation: int = 0

    @property
    def wanted(self) -> bool:
        """Whether an admission run has anything to do."""
        return bool(self.objects or self.unfinished or self.committed > self.reported)

    @property
    def run_key(self) -> str:
        """Equal for equal states: what failed once is not asked for again and again."""
        state = "/".join(map(str, astuple(self)))
        return hashlib.sha256(state.encode()).hexdigest()[:16]

    def __str__(self) -> str:
        return f"{self.objects} new objects ({self.bytes:,} bytes), {self.unfinished} unfinished"


def look(platform: "Platform", contract: StreamContract, instance: dg.DagsterInstance) -> Arrival:
    """What the stream waits for now."""
    admission = platform.admission(contract)
    pending, generation = admission.pending(), present_generation(platform, contract)
    return Arrival(
        objects=pending.objects,
        bytes=pending.bytes,
        newest=pending.newest,
        unfinished=pending.unfinished,
        committed=admission.tables.committed(),
        reported=reported_epoch(instance, contract, generation),
        generation=generation,
    )


def arrival_sensor(contract: StreamContract) -> dg.SensorDefinition:
    """Asks for `raw/<stream>` when something landed and no such run is under way."""
    tags = {STREAM_TAG: contract.name}

    @dg.sensor(
        name=f"{contract.name}_arrivals",
        description=f"Watches {contract.landing.prefix} and admits what lands.",
        target=[key_of(contract.ledger), key_of(contract.refused)],
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def arrivals(
        context: dg.SensorEvaluationContext, platform: dg.ResourceParam[PlatformResource]
    ) -> dg.RunRequest | dg.SkipReason:
        busy = dg.RunsFilter(tags=tags, statuses=_UNFINISHED)
        if context.instance.get_runs_count(busy):
            return dg.SkipReason("an admission of this stream is under way")
        opened = platform.platform()
        holder = opened.leases.holder(contract.name)
        if holder is not None and holder.tells:
            return dg.SkipReason(f"the stream is admitted by {holder}")
        arrival = look(opened, contract, context.instance)
        if not arrival.wanted:
            return dg.SkipReason("nothing has landed")
        return dg.RunRequest(run_key=arrival.run_key, tags=tags)

    return arrivals
