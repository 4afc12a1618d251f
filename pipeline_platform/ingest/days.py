"""Days of a stream by what the log knows of them, without reading rows."""

from dataclasses import dataclass
from datetime import date

from pipeline_platform.contracts.names import EPOCH
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.lake.generations import generation_of
from pipeline_platform.lake.lake import Lake


@dataclass(frozen=True)
class DayFacts:
    """Accepted rows of a day, the last epoch that added some, and their generation."""

    rows: int
    last_epoch: int
    generation: int = 0


def day_facts(lake: Lake, contract: StreamContract) -> dict[date, DayFacts]:
    """Facts of every day that has rows; {} before the first admission."""
    table = lake.table(contract.accepted)
    if not table.exists():
        return {}
    held = table.snapshot()
    found, generation = held.partitions(), generation_of(held)
    return {
        day: DayFacts(facts.rows, int(facts.maximum[EPOCH]), generation)
        for day, facts in sorted(found.items(), key=lambda item: str(item[0]))
        if day is not None
    }
