"""The SQL of views, and the tables that it reads."""

from dataclasses import dataclass

from pipeline_platform.contracts.names import TableName
from pipeline_platform.declarations.places import Place
from pipeline_platform.declarations.view_attributes import ViewAttributes
from pipeline_platform.errors import DeclarationError
from pipeline_platform.sql.tables import referenced_tables

BODY = "view.sql"


@dataclass(frozen=True)
class ViewSource:
    """A view's YAML and SQL as they lie in its folder."""

    table: TableName
    attributes: ViewAttributes
    place: Place
    sql: str

    @classmethod
    def of(cls, attributes: ViewAttributes, name: str, place: Place) -> "ViewSource":
        """The view in the folder; DeclarationError without its SQL."""
        table = TableName.parse(f"serving.{name}", where=place.at("name"))
        body = place.folder / BODY
        if not body.is_file():
            raise DeclarationError(
                f"view {name} has no {BODY}",
                where=place.at(),
                known=", ".join(sorted(p.name for p in place.folder.glob("*"))),
                remedy=f"put its SELECT into {BODY} beside the YAML",
            )
        return cls(table, attributes, place, body.read_text())

    @property
    def where(self) -> str:
        """File and line that declare it."""
        return self.place.at()

    @property
    def shown(self) -> str:
        """The SQL's path as messages name it."""
        return self.place.show(self.place.folder / BODY)

    def reads(self) -> dict[str, str]:
        """Tables read, with the first place that names each."""
        named: dict[str, str] = {}
        for ref in referenced_tables(self.sql, self.shown):
            named.setdefault(ref.name, f"{self.shown}:{ref.line}:{ref.column}")
        return named
