"""The bodies of models, and the tables that they read."""

from dataclasses import dataclass
from pathlib import Path

from pipeline_platform.contracts.names import TableName
from pipeline_platform.declarations.model_attributes import ModelAttributes
from pipeline_platform.declarations.places import Place
from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.sql.tables import referenced_tables

BODIES = ("model.sql", "model.py")


@dataclass(frozen=True)
class ModelSource:
    """A model's YAML and body as they lie in its folder; `sql` is empty for Python."""

    table: TableName
    attributes: ModelAttributes
    place: Place
    body: Path
    sql: str

    @classmethod
    def of(cls, attributes: ModelAttributes, name: str, place: Place) -> "ModelSource":
        """The model in the folder; refuses none or two bodies."""
        table = TableName.parse(f"{attributes.layer}.{name}", where=place.at("name"))
        bodies = [place.folder / f for f in BODIES if (place.folder / f).is_file()]
        if len(bodies) != 1:
            raise DeclarationError(
                f"{table} has {'two bodies' if bodies else 'no body'}",
                where=place.at(),
                known=", ".join(place.show(b) for b in bodies) or "no model.sql, no model.py",
                remedy="put exactly one of model.sql and model.py beside the YAML",
            )
        sql = bodies[0].read_text() if bodies[0].suffix == ".sql" else ""
        return cls(table, attributes, place, bodies[0], sql)

    @property
    def where(self) -> str:
        """File and line that declare it."""
        return self.place.at()

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
