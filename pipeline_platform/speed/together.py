"""One fold of several views of a stream: what they have in common is read once."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from pipeline_platform.contracts.names import TableName
from pipeline_platform.engine.engine import Engine, Lender
from pipeline_platform.errors import PlatformError
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.views.folding import (
    MOST_ROWS,
    Epochs,
    Folded,
    due,
    fold_rows,
    refuse_generation,
    shown,
)
from pipeline_platform.views.held import HeldStates
from pipeline_platform.views.live import Live, require_live
from pipeline_platform.views.states import States

FOLDERS = 2
Outcome = Mapping[str, Folded | PlatformError]


@dataclass(frozen=True)
class _Standing:
    """A view as a fold finds it."""

    live: Live
    states: States
    before: HeldStates


class Together:
    """Folds views of one stream by name, as `fold` folds each, a few at a time."""

    def __init__(
        self,
        source: TableName,
        *,
        lender: Lender,
        lake: Lake,
        most_rows: int = MOST_ROWS,
    ) -> None:
        self._source, self._lender, self._lake = source, lender, lake
        self._pool = ThreadPoolExecutor(FOLDERS, thread_name_prefix="fold")
        self._most = most_rows

    def fold(self, names: Sequence[str]) -> Outcome:
        """What became of each view: a fold, or why there was none."""
        found: dict[str, Folded | PlatformError] = {}
        accepted = self._lake.table(self._source).snapshot()
        groups: dict[int, list[_Standing]] = {}
        for name in names:
            try:
                standing = self._standing(name, accepted)
            except PlatformError as error:
                found[name] = error
            else:
                groups.setdefault(standing.before.folded, []).append(standing)
        for folded, members in sorted(groups.items()):
            found.update(self._group(members, accepted, due(accepted, folded, self._most)))
        return found

    def _standing(self, name: str, accepted: Snapshot) -> _Standing:
        now = require_live(self._lake, name)
        states = States(now.view, now.generation, self._lake)
        refuse_generation(states, accepted)
        return _Standing(now, states, states.held())

    def _group(
        self, members: Sequence[_Standing], accepted: Snapshot, epochs: Epochs
    ) -> Iterator[tuple[str, Folded | PlatformError]]:
        """Fold views that stand at the same epoch."""
        if epochs.last < epochs.first:
            for member in members:
                name = member.live.view.name
                yield name, Folded(name, epochs.first, epochs.last, 0, ())
            return
        with self._lender.lent() as engine, ExitStack() as stack:
            rows = shown(accepted, epochs, engine, stack)
            one = partial(_one, accepted=accepted, epochs=epochs, rows=rows, engine=engine)
            done = self._pool.map(one, members)
            for member, outcome in zip(members, done, strict=True):
                yield member.live.view.name, outcome


def _one(
    member: _Standing, accepted: Snapshot, epochs: Epochs, rows: str, engine: Engine
) -> Folded | PlatformError:
    number, states, before = member.live.number, member.states, member.before
    try:
        return fold_rows(states, number, before, accepted, rows, epochs, engine)
    except PlatformError as error:
        return error
