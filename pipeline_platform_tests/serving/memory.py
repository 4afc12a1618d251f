"""Answers in memory that a test moves on: every version it was given, by pin."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import polars as pl

from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.errors import UnknownName
from pipeline_platform.serving.answers import About, Answer, Standing
from pipeline_platform.serving.asked import Asked
from pipeline_platform.serving.held import HeldRows
from pipeline_platform.serving.problems import Gone, Loading

NOW = datetime(2013, 7, 10, 12, tzinfo=UTC)
HOURS = About(
    name="departures",
    columns=(
        TableColumn("origin", "string"),
        TableColumn("hour", "timestamp", description="UTC"),
        TableColumn("departures", "bigint"),
    ),
    keys=("origin", "hour"),
    description="Departures by origin and hour.",
    owner="ops",
)


def hour(number: int) -> datetime:
    """An hour of 10 July 2013."""
    return datetime(2013, 7, 10, number, tzinfo=UTC)


def departures(rows: Sequence[tuple[str | None, int, int]]) -> pl.DataFrame:
    """Rows of `HOURS` as (origin, hour of the day, departures)."""
    kinds = {"origin": pl.String(), "hour": pl.Datetime("us", "UTC"), "departures": pl.Int64()}
    return pl.DataFrame([(o, hour(h), n) for o, h, n in rows], schema=kinds, orient="row")


class MemoryAnswer:
    """One version of one view."""

    def __init__(self, about: About, frame: pl.DataFrame, number: int) -> None:
        self.about = about
        self._rows = HeldRows.of(frame, about.keys)
        day = date(2013, 7, 10)
        tag = f"1.{number}"
        self.standing = Standing(tag, number, {day: number - 1}, {day: 2}, NOW, tag)

    @property
    def quick(self) -> bool:
        return True

    def rows(self, asked: Asked, offset: int, most: int) -> pl.DataFrame:
        return self._rows.rows(asked, offset, most)


class MemoryAnswers:
    """Views with all their versions; `put` adds the next one."""

    def __init__(self) -> None:
        self._abouts: dict[str, About] = {}
        self._versions: dict[str, list[MemoryAnswer]] = {}
        self.loading = 0  # how often `newest` answers that it is still loading
        self.kept: list[str] = []
        self.failure: Exception | None = None

    def put(self, about: About, frame: pl.DataFrame) -> None:
        """Let the view answer `frame` from now on."""
        versions = self._versions.setdefault(about.name, [])
        self._abouts[about.name] = about
        versions.append(MemoryAnswer(about, frame, len(versions)))

    def names(self) -> list[str]:
        return sorted(self._abouts)

    def about(self, name: str) -> About:
        if name not in self._abouts:
            raise UnknownName("view", name, self._abouts)
        return self._abouts[name]

    def newest(self, name: str) -> Answer:
        self.about(name)
        if self.loading:
            self.loading -= 1
            raise Loading(f"the view {name} is being loaded")
        return self._versions[name][-1]

    def ready(self) -> None:
        if self.failure:
            raise self.failure

    def keep(self, answer: Answer) -> None:
        self.kept.append(answer.standing.pin)

    def tagged(self, name: str, tag: str) -> Answer:
        self.about(name)
        for answer in self._versions[name]:
            if answer.standing.tag == tag:
                return answer
        raise Gone(f"version {tag} of {name} is no longer held")
