"""A table as the asset graph shows it, before Dagster sees it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline_platform.contracts.models import Partitioning, TableColumn
from pipeline_platform.contracts.names import TableName
from pipeline_platform.declarations.places import Place
from pipeline_platform.declarations.values import Asset


@dataclass(frozen=True)
class About:
    """What a component says about all its tables."""

    owner: str
    domain: str
    tags: dict[str, str]

    @classmethod
    def of(cls, attributes: Asset, place: Place) -> "About":
        """From the YAML; the domain is the folder above unless it is given."""
        domain = attributes.domain or place.folder.parent.name
        return cls(attributes.owner, domain, dict(attributes.tags))


@dataclass(frozen=True)
class DeclaredTable:
    """One table: what it is called, what it holds, how it is cut into days.

    `where` is the file and line that declares it.
    """

    name: TableName
    description: str
    about: About
    columns: tuple[TableColumn, ...]
    where: str
    partitioning: Partitioning | None = None
    kinds: frozenset[str] = field(default_factory=frozenset)
    code_version: str = "1"

    @property
    def types(self) -> dict[str, str]:
        """Type by column, as SQL analysis wants it."""
        return {column.name: column.type for column in self.columns}


def personal_kinds(
    declared: str, sources: Iterable[str], tables: Mapping[str, DeclaredTable]
) -> str:
    """Kinds of personal data in a column: as declared, else those of the columns it is from."""
    if declared:
        return "" if declared == "none" else declared
    found = {
        column.personal
        for table, _, name in (source.rpartition(".") for source in sources)
        for column in tables[table].columns
        if column.name == name and column.personal
    }
    return ", ".join(sorted(found))
