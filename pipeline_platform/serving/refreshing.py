"""Brings one view's answer to the newest version, by as little as that takes."""

from collections.abc import Mapping

from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.views import View
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.lake import Lake
from pipeline_platform.ports.clock import Clock
from pipeline_platform.serving.answers import About
from pipeline_platform.serving.changes import patched, stored_bytes, whole
from pipeline_platform.serving.held import HeldRows
from pipeline_platform.serving.lake_answer import LakeAnswer, Said, about, standing
from pipeline_platform.views.reading import Reading, reading


class Refreshing:
    """The answers of one view, each as new as the one before or newer.

    Rows that would take more than `most_bytes` are left to the engine. One thread at a time.
    """

    def __init__(
        self,
        name: str,
        *,
        engine: Engine,
        lake: Lake,
        clock: Clock,
        said: Mapping[str, Said],
        most_bytes: int,
    ) -> None:
        self.name = name
        self._engine, self._lake, self._clock = engine, lake, clock
        self._said, self._most_bytes = said.get(name, Said()), most_bytes

    def about(self, view: View) -> About:
        """What a definition of the view says of itself."""
        return about(view, self._said)

    def newest(self, before: LakeAnswer | None) -> LakeAnswer:
        """The answer of now; `before` itself where nothing changed, or nothing newer is seen.

        Its rows are in memory if they fit. UnknownName where the view is not live.
        """
        found = reading(self._lake, self.name)
        dimensions = self._dimensions(found)
        if before is not None and not _newer(before, found, dimensions):
            return before
        rows = self._rows(before, found, dimensions)
        return self._answer(before, found, rows, dimensions)

    def at(self, found: Reading) -> LakeAnswer:
        """An old version; its rows are asked of the engine."""
        stands = standing(found, self._clock())
        return LakeAnswer(self.about(found.view), stands, found, self._engine, None, old=True)

    def _answer(
        self,
        before: LakeAnswer | None,
        found: Reading,
        rows: HeldRows | None,
        dimensions: tuple[int, ...],
    ) -> LakeAnswer:
        moved = before is None or found.standing.as_of != before.standing.as_of
        changed_at = self._clock() if before is None or moved else before.standing.changed_at
        view, stands = self.about(found.view), standing(found, changed_at)
        return LakeAnswer(view, stands, found, self._engine, rows, dimensions)

    def _rows(
        self, before: LakeAnswer | None, found: Reading, dimensions: tuple[int, ...]
    ) -> HeldRows | None:
        view = self.about(found.view)
        if before and before.held and _follows(before, found, dimensions):
            if found.standing.as_of == before.standing.as_of:
                return before.held
            rows = patched(view, found, self._engine, before.held, before.standing.as_of)
            if rows is not None:
                return rows if rows.bytes <= self._most_bytes else None
        if stored_bytes(found) > self._most_bytes:
            return None
        rows = whole(view, found, self._engine)
        return rows if rows.bytes <= self._most_bytes else None

    def _dimensions(self, found: Reading) -> tuple[int, ...]:
        names = map(TableName.parse, found.view.split.dimensions)
        return tuple(self._lake.table(name).snapshot().version for name in names)


def _newer(before: LakeAnswer, found: Reading, dimensions: tuple[int, ...]) -> bool:
    """Whether something changed, and not backwards."""
    same = before.standing.pin == str(found.standing.pin) and before.dimensions == dimensions
    return not same and found.standing.as_of >= before.standing.as_of


def _follows(before: LakeAnswer, found: Reading, dimensions: tuple[int, ...]) -> bool:
    """Whether only events came: the same definition over the same dimensions."""
    return before.reading.live.number == found.live.number and before.dimensions == dimensions
