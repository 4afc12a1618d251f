"""The assets of a project with what is recorded of them, and which are out of date."""

from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

import dagster as dg

from pipeline_platform.cli.materialize import State, changed, recorded
from pipeline_platform.cli.stale import Partition, Recorded, batches, stale
from pipeline_platform.components.arrivals import look
from pipeline_platform.contracts.names import TableName
from pipeline_platform.declarations.resolution import Declarations
from pipeline_platform.errors import UnknownName

if TYPE_CHECKING:
    from pipeline_platform.cli.dagster_internals import AssetGraph
    from pipeline_platform.wiring import Platform

Batch = dict[str, frozenset[Partition]]


class Graph:
    """What a build chooses from: all assets, or `selection` (as `layer.table`) and its inputs."""

    def __init__(
        self,
        definitions: dg.Definitions,
        declared: Declarations,
        platform: "Platform",
        instance: dg.DagsterInstance,
        selection: Collection[str] = (),
    ) -> None:
        self.definitions, self.instance = definitions, instance
        self._declared, self._platform = declared, platform
        self._chosen = self._above(selection) if selection else self._names

    @cached_property
    def _assets(self) -> "AssetGraph":
        return self.definitions.resolve_asset_graph()

    @property
    def _names(self) -> set[str]:
        """The declared assets; what else a project has is left to Dagster."""
        return {name.replace(".", "/") for name in self._declared.tables}

    def _above(self, selection: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for table in selection:
            name = table.replace(".", "/")
            if name not in self._names:
                known = [known.replace("/", ".") for known in self._names]
                raise UnknownName("table", table, known)
            key = dg.AssetKey.from_user_string(name)
            above = dg.AssetSelection.assets(key).upstream().resolve(self._assets)
            found |= {k.to_user_string() for k in above}
        return self._with_siblings(found & self._names)

    def _with_siblings(self, names: set[str]) -> set[str]:
        """With what the same step makes: a snapshot is one step of three assets."""
        for table in self._declared.source_tables.values():
            own = {str(t.name).replace(".", "/") for t in table.tables}
            names = names | own if names & own else names
        return names

    def below(self, names: Iterable[str]) -> set[str]:
        """All assets that are computed from `names`, without these themselves."""
        keys = [dg.AssetKey.from_user_string(name) for name in names]
        if not keys:
            return set()
        selection = dg.AssetSelection.assets(*keys).downstream(include_self=False)
        return {key.to_user_string() for key in selection.resolve(self._assets)}

    def snapshots(self) -> Batch:
        """The assets of all operational tables that are chosen."""
        tables = [t for s in self._declared.source_tables.values() for t in s.tables]
        names = [str(table.name).replace(".", "/") for table in tables]
        return {name: frozenset({None}) for name in names if name in self._chosen}

    def since(self, names: Iterable[str]) -> dict[str, int]:
        """Since which event each of these whole assets has had the data that it has."""
        keys = {name: dg.AssetKey.from_user_string(name) for name in names}
        return {name: changed(self.instance, key).get(None, 0) for name, key in keys.items()}

    def stale(self, without: Collection[str]) -> list[Batch]:
        """What is out of date and chosen, but `without` these, in the runs that build it."""
        assets = recorded(self._assets, self.instance, self._names, self._state())
        seen = {name: _settled(a) if name in without else a for name, a in assets.items()}
        found = {name: p for name, p in stale(seen).items() if name in self._chosen}
        return batches(assets, found)

    def _state(self) -> Callable[[dg.AssetKey], State]:
        streams = {str(s.contract.ledger): s.contract for s in self._declared.streams.values()}
        views = {str(v.view.table): v.view.live for v in self._declared.views.values()}

        def state(key: dg.AssetKey) -> State:
            name = ".".join(key.path)
            contract = streams.get(name)
            pending = look(self._platform, contract, self.instance).wanted if contract else False
            table = views.get(name) or TableName.parse(name)
            return State(self._platform.lake.table(table).exists(), pending)

        return state


def _settled(asset: Recorded) -> Recorded:
    """The asset as if nothing of it were to do."""
    from msgspec.structs import replace

    built = {partition: asset.built.get(partition, 0) for partition in asset.partitions}
    return replace(asset, built=built, exists=True, pending=False, code_version="", reads={})
