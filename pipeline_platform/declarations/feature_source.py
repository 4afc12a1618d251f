"""A feature set's YAML as groups of expressions, and the tables that they read."""

from dataclasses import dataclass

from pipeline_platform.contracts.features import Aggregate, AsOf, Feature, Spine, Window
from pipeline_platform.contracts.names import TableName
from pipeline_platform.declarations.feature_attributes import FeatureGroup, FeatureSetAttributes
from pipeline_platform.declarations.places import Place
from pipeline_platform.declarations.values import seconds
from pipeline_platform.errors import DeclarationError


@dataclass(frozen=True)
class FeatureSource:
    """A feature set's YAML in its place."""

    table: TableName
    attributes: FeatureSetAttributes
    place: Place

    @classmethod
    def of(cls, attributes: FeatureSetAttributes, name: str, place: Place) -> "FeatureSource":
        """The feature set `feature.<name>` that the folder declares."""
        return cls(TableName.parse(f"feature.{name}", where=place.at("name")), attributes, place)

    @property
    def where(self) -> str:
        """File and line that declare it."""
        return self.place.at()

    def reads(self) -> dict[str, str]:
        """Tables read, with the first place that names each."""
        found = {self.attributes.spine.table: self.place.at("spine", "table")}
        for index, group in enumerate(self.attributes.groups):
            found.setdefault(group.table, self.place.at("groups", index, "table"))
        return found

    @property
    def spine(self) -> Spine:
        """The spine as a value."""
        said = self.attributes.spine
        return Spine(said.table, said.at, tuple(said.columns), said.where)

    @property
    def groups(self) -> tuple[AsOf | Window, ...]:
        """The groups as values, in order."""
        return tuple(self._group(n, group) for n, group in enumerate(self.attributes.groups))

    def _group(self, index: int, group: FeatureGroup) -> AsOf | Window:
        pairs = group.keys.items() if isinstance(group.keys, dict) else ((k, k) for k in group.keys)
        lag = seconds(group.lag)
        self._check_functions(index, group)
        if group.window is None:
            return AsOf(
                table=group.table,
                keys=tuple(pairs),
                event_ts=group.event_ts,
                available_at=group.available_at,
                values=tuple(Feature(name, f.expression) for name, f in group.features.items()),
                lag_s=lag,
                ttl_s=seconds(group.ttl) if group.ttl else None,
                inclusive=group.inclusive,
            )
        return Window(
            table=group.table,
            keys=tuple(pairs),
            event_ts=group.event_ts,
            available_at=group.available_at,
            width_s=seconds(group.window),
            aggregates=tuple(
                Aggregate(name, f.function, f.expression)  # type: ignore[arg-type]
                for name, f in group.features.items()
            ),
            lag_s=lag,
        )

    def _check_functions(self, index: int, group: FeatureGroup) -> None:
        for name, feature in group.features.items():
            if (feature.function == "latest") == (group.window is None):
                continue
            raise DeclarationError(
                f"feature {name!r} takes the {feature.function} "
                + ("of a group without a window" if group.window is None else "of a window"),
                where=self.place.at("groups", index, "features", name),
                known="`latest` is for groups without `window`, the other functions for windows",
                remedy="give the group a `window`, or put the feature into a group of its own",
            )
        if group.window and group.ttl:
            raise DeclarationError(
                "a window has no ttl",
                where=self.place.at("groups", index, "ttl"),
                known="the window itself says how old a row may be",
                remedy="remove `ttl`, or `window`",
            )
