"""One version of a view in the lake, as the server gives it."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from pipeline_platform.contracts.charts import Chart
from pipeline_platform.contracts.views import View
from pipeline_platform.engine.engine import Lender
from pipeline_platform.errors import SourceUnavailable, StatementFailed
from pipeline_platform.serving.answers import About, Standing
from pipeline_platform.serving.asked import Asked
from pipeline_platform.serving.held import HeldRows
from pipeline_platform.serving.problems import Gone
from pipeline_platform.serving.statements import statement
from pipeline_platform.views.reading import Reading

if TYPE_CHECKING:
    import polars as pl


class Said(Struct, frozen=True):
    """What a project declares of a view beyond its statement."""

    description: str = ""
    owner: str = ""
    chart: Chart | None = None


def about(view: View, said: Said) -> About:
    """The view with its keys in the order of its statement, one column for each."""
    by_key = {key: column for column, key in reversed(view.split.outputs.items())}
    return About(
        name=view.name,
        columns=view.columns,
        keys=tuple(by_key[key] for key in view.split.keys if key in by_key),
        complete=set(by_key) >= set(view.split.keys),
        description=said.description,
        owner=said.owner,
        chart=said.chart,
    )


def standing(reading: Reading, changed_at: datetime, dimensions: Sequence[int]) -> Standing:
    """Where a reading stands that joins these versions of its dimensions."""
    found = reading.standing
    tag = "-".join(map(str, (found.pin, *dimensions)))
    return Standing(str(found.pin), found.as_of, found.cuts, found.late, changed_at, tag)


class LakeAnswer:
    """A reading with its rows in memory, or (`held` is None) with an engine to ask.

    `old` says that its files may be gone.
    """

    def __init__(
        self,
        about: About,
        standing: Standing,
        reading: Reading,
        lender: Lender,
        held: HeldRows | None,
        *,
        old: bool = False,
    ) -> None:
        self.about, self.standing, self.reading = about, standing, reading
        self.held, self._lender, self._old = held, lender, old

    @property
    def quick(self) -> bool:
        """Whether rows are held in memory."""
        return self.held is not None

    @property
    def dimensions(self) -> str:
        """The versions of the dimensions that it joins."""
        return self.standing.tag.removeprefix(self.standing.pin)

    @property
    def bytes(self) -> int:
        """The memory that its rows take, about."""
        return self.held.bytes if self.held else 0

    def rows(self, asked: Asked, offset: int, most: int) -> "pl.DataFrame":
        """At most `most` of the asked rows from `offset` on, in the order of the keys.

        Gone where the files of an old version are no longer there.
        """
        if self.held is not None:
            return self.held.rows(asked, offset, most)
        try:
            return self._queried(asked, offset, most)
        except (StatementFailed, SourceUnavailable) as error:
            if not self._old:
                raise
            raise gone(self.about.name, self.standing.tag) from error

    def _queried(self, asked: Asked, offset: int, most: int) -> "pl.DataFrame":
        from pipeline_platform.lake.shape import as_frame

        with self._lender.lent() as engine, self.reading.shown(engine) as relation:
            text, parameters = statement(self.about, relation, asked, offset, most)
            where = f"serving.{self.about.name}"
            frame = engine.sql(text, parameters, where=where)
            return as_frame(engine.collect(frame, where=where).cast(self.reading.schema))


def gone(view: str, tag: str) -> Gone:
    """The refusal of a version that is no longer held."""
    return Gone(
        f"version {tag} of the view is no longer held",
        where=f"serving.{view}",
        known="a version that nobody walks through is given up after a minute",
        remedy="begin again without `after`",
    )
