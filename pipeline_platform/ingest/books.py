"""The books of one epoch: row counts per object, kept while rows stream by."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from pipeline_platform.contracts.epochs import Accounting, EpochPlan
from pipeline_platform.contracts.names import DAY, GENERATION, POSITION


@dataclass
class Books:
    """Counters by position; `days` counts accepted rows, `warnings` hits by rule."""

    landed: Counter[int] = field(default_factory=Counter)
    accepted: Counter[int] = field(default_factory=Counter)
    duplicates: Counter[int] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    replayed: Counter[int] = field(default_factory=Counter)
    warned: Counter[int] = field(default_factory=Counter)
    days: Counter[date] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)

    def accept(self, rows: pl.DataFrame) -> None:
        """Count rows that are about to be staged."""
        self.accepted.update(by_value(rows[POSITION]))
        self.days.update(by_value(rows[DAY]))

    def of(self, position: int) -> Accounting:
        """The accounting of one object."""
        return Accounting(
            landed=self.landed[position],
            accepted=self.accepted[position],
            duplicates=self.duplicates[position],
            refused=self.refused[position],
            replayed=self.replayed[position],
            warned=self.warned[position],
        )

    def rows(
        self, plan: EpochPlan, checksums: dict[int, int | None], generation: int = 0
    ) -> list[dict[str, object]]:
        """One accounting row per planned object."""
        return [
            {"epoch": plan.epoch, "position": planned.position, "object": planned.ref.key}
            | {"checksum": checksums.get(planned.position), GENERATION: generation or None}
            | {f: getattr(self.of(planned.position), f) for f in Accounting.__struct_fields__}
            for planned in plan.objects
        ]

    def total(self, plan: EpochPlan) -> Accounting:
        """The accounting of the epoch."""
        return sum((self.of(planned.position) for planned in plan.objects), Accounting())


def by_value(values: pl.Series) -> dict[Any, int]:
    """How often each value occurs."""
    if values.len() and values.min() == values.max():
        return {values[0]: values.len()}
    counts = values.value_counts(name="n")
    return dict(zip(counts[values.name].to_list(), counts["n"].to_list(), strict=True))
