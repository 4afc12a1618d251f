"""Brings one view's answer to the newest version, by as little as that takes."""

from collections.abc import Mapping

from msgspec.structs import replace

from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.views import View
from pipeline_platform.engine.engine import Lender
from pipeline_platform.errors import PlatformError
from pipeline_platform.lake.lake import Lake
from pipeline_platform.ports.clock import Clock
from pipeline_platform.serving.answers import About, Standing
from pipeline_platform.serving.changes import patched, stored_bytes, whole
from pipeline_platform.serving.held import HeldRows
from pipeline_platform.serving.lake_answer import LakeAnswer, Said, about, gone, standing
from pipeline_platform.views.pins import Pin
from pipeline_platform.views.reading import Reading, reading


class Refreshing:
    """The answers of one view, each as new as the one before or newer.

    Rows that would take more than `most_bytes` are left to the engine. One thread at a time.
    """

    def __init__(
        self,
        name: str,
        *,
        lender: Lender,
        lake: Lake,
        clock: Clock,
        said: Mapping[str, Said],
        most_bytes: int,
    ) -> None:
        self.name = name
        self._lender, self._lake, self._clock = lender, lake, clock
        self._said, self._most_bytes = said.get(name, Said()), most_bytes

    def about(self, view: View) -> About:
        """What a definition of the view says of itself."""
        return about(view, self._said)

    def newest(self, before: LakeAnswer | None) -> LakeAnswer:
        """The answer of now; `before` itself where nothing changed, or nothing newer is seen.

        Its rows are in memory if they fit. UnknownName where the view is not live.
        """
        found = reading(self._lake, self.name)
        stands = standing(found, self._clock(), self._dimensions(found))
        if before is not None:
            if stands.tag == before.standing.tag or stands.as_of < before.standing.as_of:
                return before
            if stands.as_of == before.standing.as_of:
                stands = replace(stands, changed_at=before.standing.changed_at)
        rows = self._rows(before, found, stands)
        return LakeAnswer(self.about(found.view), stands, found, self._lender, rows)

    def tagged(self, tag: str) -> LakeAnswer:
        """An old version from the lake, whose rows are asked of the engine.

        Gone where the lake does not hold it, or a dimension has changed since.
        """
        try:
            found = reading(self._lake, self.name, Pin.parse(self.name, tag.partition("-")[0]))
        except PlatformError as error:
            raise gone(self.name, tag) from error
        stands = standing(found, self._clock(), self._dimensions(found))
        if stands.tag != tag:
            raise gone(self.name, tag)
        return LakeAnswer(self.about(found.view), stands, found, self._lender, None, old=True)

    def _rows(self, before: LakeAnswer | None, found: Reading, stands: Standing) -> HeldRows | None:
        view = self.about(found.view)
        if before and before.held and _follows(before, found, stands):
            if stands.as_of == before.standing.as_of:
                return before.held
            with self._lender.lent() as engine:
                rows = patched(view, found, engine, before.held, before.standing.as_of)
            if rows is not None:
                return rows if rows.bytes <= self._most_bytes else None
        if stored_bytes(found) > self._most_bytes:
            return None
        with self._lender.lent() as engine:
            rows = whole(view, found, engine)
        return rows if rows.bytes <= self._most_bytes else None

    def _dimensions(self, found: Reading) -> tuple[int, ...]:
        names = map(TableName.parse, found.view.split.dimensions)
        return tuple(self._lake.table(name).snapshot().version for name in names)


def _follows(before: LakeAnswer, found: Reading, stands: Standing) -> bool:
    """Whether only events came: the same definition over the same dimensions."""
    same = before.dimensions == stands.tag.removeprefix(stands.pin)
    return same and before.reading.live.number == found.live.number
