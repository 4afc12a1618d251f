"""An oracle of admission in plain Python, and rows whose verdict is known beforehand."""

import gzip
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from pipeline_platform.contracts.epochs import Accounting
from pipeline_platform.contracts.stream import Column, Landing, Rule, StreamContract

START, END = date(2020, 1, 1), date(2020, 1, 11)
CONTRACT = StreamContract(
    name="events",
    landing=Landing(prefix="events/"),
    columns=(
        Column("id", "string", nullable=False),
        Column("at", "timestamp", nullable=False),
        Column("n", "int"),
    ),
    start=START,
    end=END,
    event_id=("id",),
    event_time="at",
    rules=(Rule("small", "n < 1000"), Rule("positive", "n >= 0", on_fail="warn")),
)
BROKEN = {
    "malformed": '{"id":"x","at":',
    "wrong_type": '{"id":"x","at":"2020-01-01T00:00:00Z","n":"1"}',
    "missing": '{"id":"x","n":1}',
    "before_start": '{"id":"x","at":"2019-12-31T23:59:59Z","n":1}',
    "after_end": '{"id":"x","at":"2020-01-11T00:00:00Z","n":1}',
    "unknown_field": '{"id":"x","at":"2020-01-01T00:00:00Z","n":1,"m":2}',
}


@dataclass(frozen=True)
class Row:
    """A row that decodes (`broken` empty) or one of the broken kinds."""

    id: str = ""
    day: int = 1
    n: int | None = 0
    broken: str = ""

    @property
    def text(self) -> str:
        """The row as it lands."""
        if self.broken:
            return BROKEN[self.broken]
        return json.dumps({"id": self.id, "at": f"2020-01-{self.day:02}T01:00:00Z", "n": self.n})


def lines(rows: list[Row], compress: bool = False) -> bytes:
    """An object that holds `rows`."""
    data = "".join(row.text + "\n" for row in rows).encode()
    return gzip.compress(data, mtime=0) if compress else data


@dataclass
class Oracle:
    """What the tables must hold after all landed objects were admitted, in that order."""

    accepted: dict[tuple[str, int], int | None] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    landed: int = 0
    duplicates: int = 0

    def admit(self, rows: list[Row]) -> None:
        """Judge the rows of the next object."""
        for row in rows:
            self.landed += 1
            if row.broken:
                self.refused[row.broken] += 1
            elif row.n is not None and row.n >= 1000:
                self.refused["rule"] += 1
            elif (row.id, row.day) not in self.accepted:
                self.accepted[(row.id, row.day)] = row.n
            elif self.accepted[(row.id, row.day)] == row.n:
                self.duplicates += 1
            else:
                self.refused["conflict"] += 1

    @property
    def accounting(self) -> Accounting:
        """The books without warnings, which count duplicates too."""
        return Accounting(
            landed=self.landed,
            accepted=len(self.accepted),
            duplicates=self.duplicates,
            refused=self.refused.total(),
        )
