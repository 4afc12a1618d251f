"""A small world for automation conditions: real runs on a real instance, ticks by hand."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import dagster as dg

from pipeline_platform.components.conditions import rebuilt_when_inputs_change
from pipeline_platform.components.instance import instance as open_instance
from pipeline_platform.components.specs import asset_spec, days_dep, key_of
from pipeline_platform.contracts.models import Partitioning
from pipeline_platform.contracts.names import TableName
from pipeline_platform.declarations.tables import About, DeclaredTable

START = date(2024, 1, 1)
DAYS = Partitioning("day", START, START + timedelta(days=20))
_ABOUT = About("team:test", "test", {})
Hook = Callable[[dg.AssetExecutionContext], None]


def table(name: str, days: Partitioning | None = DAYS) -> DeclaredTable:
    """A table without columns; conditions do not look at them."""
    return DeclaredTable(TableName.parse(name), name, _ABOUT, (), "", days)


def day(number: int) -> str:
    """Partition key of the n-th day, from 0."""
    return (START + timedelta(days=number)).isoformat()


class World:
    """Sources that are told of updates, models that run for real when a tick asks."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.hooks: dict[str, Hook] = {}
        self.built: list[tuple[str, str]] = []
        self._assets: list[dg.AssetsDefinition | dg.AssetSpec] = []
        self._cursor: object = None
        self.refresh_s = 0.0

    def source(self, declared: DeclaredTable) -> DeclaredTable:
        """A table that others update."""
        self._assets.append(asset_spec(declared))
        return declared

    def model(
        self, declared: DeclaredTable, *inputs: DeclaredTable, days: tuple[int, int] = (0, 0)
    ) -> DeclaredTable:
        """A table computed from `inputs` under the condition of our models."""
        name = str(declared.name)
        deps = [days_dep(t, declared.partitioning, days) for t in inputs]
        condition = rebuilt_when_inputs_change(declared, inputs, self.refresh_s)

        @dg.multi_asset(
            name=name.replace(".", "__"),
            specs=[asset_spec(declared, deps, automation=condition)],
            backfill_policy=dg.BackfillPolicy.single_run() if declared.partitioning else None,
            can_subset=True,
        )
        def compute(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
            if hook := self.hooks.pop(name, None):
                hook(context)
            keys = context.partition_keys if declared.partitioning else ["*"]
            self.built.extend((name, key) for key in keys)
            yield dg.MaterializeResult(asset_key=key_of(declared.name))

        self._assets.append(compute)
        return declared

    @property
    def definitions(self) -> dg.Definitions:
        """All assets of the world."""
        return dg.Definitions(assets=self._assets, executor=dg.in_process_executor)

    def update(self, name: str, *days: int) -> None:
        """Something outside updates the days of a source (none: the whole table)."""
        for partition in [day(n) for n in days] or [None]:
            event = dg.AssetMaterialization(key_of(name), partition=partition)
            self.instance.report_runless_asset_event(event)

    def tick(self) -> dict[str, set[str | None]]:
        """One evaluation; what it requests, by table."""
        result = dg.evaluate_automation_conditions(
            defs=self.definitions, instance=self.instance, cursor=self._cursor
        )
        self._cursor = result.cursor
        asked: dict[str, set[str | None]] = {}
        for key in self.definitions.resolve_all_asset_keys():
            if found := result.get_requested_partitions(key):
                asked[".".join(key.path)] = set(found)
        return asked

    def run(self, asked: dict[str, set[str | None]]) -> None:
        """Launch what a tick asked for, one run per equal set of partitions, oldest first."""
        groups: dict[frozenset[str | None], list[str]] = {}
        for name, keys in asked.items():
            groups.setdefault(frozenset(keys), []).append(name)
        for keys, names in groups.items():
            for window in _windows(keys):
                self.launch(names, *window)

    def launch(
        self, names: Iterable[str], first: str | None = None, last: str | None = None
    ) -> None:
        """One run over the tables, for a range of days where they have some."""
        tags = {}
        if first and last:
            tags = {
                "dagster/asset_partition_range_start": first,
                "dagster/asset_partition_range_end": last,
            }
        job = self.definitions.resolve_implicit_global_asset_job_def()
        keys = [key_of(name) for name in names]
        assert job.execute_in_process(
            instance=self.instance, asset_selection=keys, tags=tags
        ).success

    def settle(self, ticks: int = 12) -> list[tuple[str, str]]:
        """Tick and run until nothing is asked for; what was built, in order."""
        before = len(self.built)
        for _ in range(ticks):
            asked = self.tick()
            if not asked:
                return self.built[before:]
            self.run(asked)
        raise AssertionError(f"still asking after {ticks} ticks: {asked}")


def _windows(keys: Iterable[str | None]) -> Iterator[tuple[str | None, str | None]]:
    dated = sorted(key for key in keys if key is not None)
    if not dated:
        yield None, None
    for key in dated:
        yield key, key


@contextmanager
def world(folder: Path, *, refresh_s: float = 0.0) -> Iterator[World]:
    """A world on the platform's own storage in `folder`."""
    with open_instance(folder) as opened:
        made = World(opened)
        made.refresh_s = refresh_s
        yield made
