"""The bodies of models, and the order in which they feed each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline_platform.components.model_attributes import ModelAttributes
from pipeline_platform.components.places import Place
from pipeline_platform.contracts.names import TableName
from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.sql.tables import referenced_tables


@dataclass(frozen=True)
class ModelSource:
    """A model's YAML and body as they lie in its folder; `sql` is empty for Python."""

    table: TableName
    attributes: ModelAttributes
    place: Place
    body: Path
    sql: str

    @property
    def shown(self) -> str:
        """The body's path as messages name it."""
        return self.place.show(self.body)

    def reads(self) -> dict[str, str]:
        """Tables read, with the first place that names each."""
        found = {t: self.place.at("inputs", t) for t in self.attributes.inputs}
        if self.sql:
            mentions = referenced_tables(self.sql, self.shown)
            named: dict[str, str] = {}
            for ref in mentions:
                named.setdefault(ref.name, f"{self.shown}:{ref.line}:{ref.column}")
            for table, where in found.items():
                if table not in named:
                    raise UnknownName("input of the SQL", table, named, where=where)
            return named
        return found


def source_of(attributes: ModelAttributes, name: str, place: Place) -> ModelSource:
    """The model in the folder; refuses none or two bodies."""
    table = TableName.parse(f"{attributes.layer}.{name}", where=place.at("name"))
    bodies = [place.folder / f for f in ("model.sql", "model.py") if (place.folder / f).is_file()]
    if len(bodies) != 1:
        raise DeclarationError(
            f"{table} has {'two bodies' if bodies else 'no body'}",
            where=place.at(),
            known=", ".join(place.show(b) for b in bodies) or "no model.sql, no model.py",
            remedy="put exactly one of model.sql and model.py beside the YAML",
        )
    sql = bodies[0].read_text() if bodies[0].suffix == ".sql" else ""
    return ModelSource(table, attributes, place, bodies[0], sql)


def in_order(sources: Iterable[ModelSource], known: Iterable[str]) -> list[ModelSource]:
    """Sources with every model after those it reads.

    UnknownName for a table that nobody declares, DeclarationError for a circle.
    """
    waiting = {str(source.table): source for source in sources}
    names = {*known, *waiting}
    reads = {name: source.reads() for name, source in waiting.items()}
    for tables in reads.values():
        for table, where in tables.items():
            if table not in names:
                raise UnknownName("table", table, names, where=where)
    ordered: list[ModelSource] = []
    while waiting:
        ready = [n for n in sorted(waiting) if not any(t in waiting for t in reads[n])]
        if not ready:
            raise _circle(waiting, reads)
        ordered += [waiting.pop(name) for name in ready]
    return ordered


def _circle(waiting: Mapping[str, ModelSource], reads: Mapping[str, dict[str, str]]) -> Exception:
    walk = [min(waiting)]
    while walk[-1] not in walk[:-1]:
        walk.append(next(t for t in sorted(reads[walk[-1]]) if t in waiting))
    circle = walk[walk.index(walk[-1]) :]
    return DeclarationError(
        f"{circle[0]} is computed from itself",
        where=reads[circle[0]][circle[1]],
        known=" reads ".join(circle),
        remedy="break the circle: let one of them read a table above both",
    )
