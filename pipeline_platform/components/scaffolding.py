"""Working folders for every component, made by `dg scaffold defs`."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

import click
import dagster as dg
from pydantic import BaseModel, Field

from pipeline_platform.components import scaffold_texts as texts
from pipeline_platform.declarations.folder import defs_above, read_below
from pipeline_platform.declarations.resolution import Declarations, resolve
from pipeline_platform.declarations.tables import DeclaredTable
from pipeline_platform.errors import Abort, PlatformError, UnknownName

Parameters = TypeVar("Parameters", bound=BaseModel)


class _Scaffolder(dg.Scaffolder[Any], Generic[Parameters]):
    """Writes the files of one folder; says in our words what keeps it from that."""

    @abstractmethod
    def files(self, folder: Path, kind: str, given: Parameters) -> Mapping[str, str]:
        """The texts to write in `folder`, by file name, for a component of type `kind`."""

    def scaffold(self, request: dg.ScaffoldRequest[Any]) -> None:
        """Write the files, or none and end with status 1."""
        folder = Path(request.target_path)
        try:
            if request.scaffold_format != "yaml":
                raise _only_yaml(request.type_name)
            found = self.files(folder, request.type_name, request.params)
        except PlatformError as error:
            if not any(folder.iterdir()):
                folder.rmdir()
            raise click.ClickException(str(error)) from None
        for name, text in found.items():
            (folder / name).write_text(text)
            click.echo(f"Wrote {folder.name}/{name}.")


def _only_yaml(kind: str) -> Abort:
    return Abort(
        "only YAML can be written",
        where=kind,
        known="`--format` is how the component is written",
        remedy="leave `--format` out; the format of a stream's files is `--file-format`",
    )


class StreamParameters(BaseModel):
    """What a new stream may be told."""

    file_format: str = Field(default="ndjson", description="ndjson, json, csv or text")


class StreamScaffolder(_Scaffolder[StreamParameters]):
    """A stream with id and event time, and a file that it accepts beside it."""

    @classmethod
    def get_scaffold_params(cls) -> type[StreamParameters]:
        """`--file-format`."""
        return StreamParameters

    def files(self, folder: Path, kind: str, given: StreamParameters) -> Mapping[str, str]:
        """YAML and sample."""
        if given.file_format not in texts.LANDINGS:
            raise UnknownName("file format", given.file_format, texts.LANDINGS)
        defs = defs_above(folder)
        prefix = folder.relative_to(defs).as_posix() if defs else folder.name
        yaml = texts.STREAM.substitute(
            type=kind, name=folder.name, prefix=prefix, landing=texts.LANDINGS[given.file_format]
        )
        name, sample = texts.SAMPLES[given.file_format]
        return {"defs.yaml": yaml, name: sample}


class ModelParameters(BaseModel):
    """What a new model may be told."""

    layer: str = Field(default="mart", description="warehouse or mart")
    reads: str = Field(default="", description="table to count the rows of, as layer.table")


class ModelScaffolder(_Scaffolder[ModelParameters]):
    """A SQL model that counts the rows of a table, by day where that has days; marts draw it."""

    @classmethod
    def get_scaffold_params(cls) -> type[ModelParameters]:
        """`--layer` and `--reads`."""
        return ModelParameters

    def files(self, folder: Path, kind: str, given: ModelParameters) -> Mapping[str, str]:
        """YAML and SQL."""
        if given.layer not in texts.LAYERS:
            raise UnknownName("layer", given.layer, texts.LAYERS)
        day = ""
        if given.reads:
            table = _table(given.reads, _declared(folder).tables)
            day = table.partitioning.column if table.partitioning else ""
        yaml, sql, chart = texts.model(given.reads, day)
        chart = chart if given.layer == "mart" else ""
        return {
            "defs.yaml": yaml.substitute(type=kind, layer=given.layer, chart=chart),
            "model.sql": sql.substitute(table=given.reads, day=day),
        }


class ViewParameters(BaseModel):
    """What a new view may be told."""

    reads: str = Field(default="", description="stream to count the rows of, as serving.stream")


class ViewScaffolder(_Scaffolder[ViewParameters]):
    """A view that counts the rows of a stream by day, with a chart."""

    @classmethod
    def get_scaffold_params(cls) -> type[ViewParameters]:
        """`--reads`."""
        return ViewParameters

    def files(self, folder: Path, kind: str, given: ViewParameters) -> Mapping[str, str]:
        """YAML and SQL."""
        streams = {str(s.accepted.name): s.accepted for s in _declared(folder).streams.values()}
        if not streams:
            raise Abort(
                "there is no stream to view",
                where=folder.name,
                known="a view aggregates the rows of one stream",
                remedy="declare a stream first: `dg scaffold defs "
                "pipeline_platform.components.Stream shop/orders`",
            )
        table = _table(given.reads, streams) if given.reads else next(iter(streams.values()))
        return {
            "defs.yaml": texts.VIEW.substitute(type=kind, table=table.name),
            "view.sql": texts.VIEW_SQL.substitute(table=table.name),
        }


class TableParameters(BaseModel):
    """Nothing is asked."""


class TableScaffolder(_Scaffolder[TableParameters]):
    """An operational table of three columns, and the SQL that makes one like it."""

    def files(self, folder: Path, kind: str, given: TableParameters) -> Mapping[str, str]:
        """YAML and SQL."""
        domain = folder.parent.name
        names = {"type": kind, "name": folder.name, "domain": domain, "upper": domain.upper()}
        return {
            "defs.yaml": texts.TABLE.substitute(names),
            "sample.sql": texts.TABLE_SQL.substitute(names),
        }


class FeatureParameters(BaseModel):
    """What a new feature set may be told."""

    spine: str = Field(default="", description="table whose rows get features, as layer.table")


class FeatureSetScaffolder(_Scaffolder[FeatureParameters]):
    """For every row of a table, how many rows with the same key came in the week before."""

    @classmethod
    def get_scaffold_params(cls) -> type[FeatureParameters]:
        """`--spine`."""
        return FeatureParameters

    def files(self, folder: Path, kind: str, given: FeatureParameters) -> Mapping[str, str]:
        """YAML over the columns that the spine has."""
        declared = _declared(folder).tables
        usable = {name: table for name, table in declared.items() if _is_spine(table)}
        if not usable:
            raise Abort(
                "no table has rows with a key and a time",
                where=folder.name,
                known=f"declared: {', '.join(sorted(declared)) or 'nothing'}",
                remedy="declare a stream or a fact with a timestamp first",
            )
        table = _table(given.spine, usable) if given.spine else next(iter(usable.values()))
        key, at = (_column(table, kinds) for kinds in (("string", "int", "bigint"), ("timestamp",)))
        day = table.partitioning.column if table.partitioning else ""
        return {"defs.yaml": texts.feature_set(kind, str(table.name), key, at, day)}


def _declared(folder: Path) -> Declarations:
    """What the project declares beside `folder`."""
    defs = defs_above(folder)
    return resolve(read_below(defs)) if defs else Declarations()


def _table(name: str, known: Mapping[str, DeclaredTable]) -> DeclaredTable:
    if name not in known:
        raise UnknownName("table", name, known)
    return known[name]


def _is_spine(table: DeclaredTable) -> bool:
    accepted = table.name.layer != "raw" and not table.name.name.endswith("__refused")
    kinds = {column.type for column in table.columns}
    return accepted and "timestamp" in kinds and bool(kinds & {"string", "int", "bigint"})


def _column(table: DeclaredTable, kinds: tuple[str, ...]) -> str:
    """The name of the first column of one of these types, one that is never null if possible."""
    fit = [column for column in table.columns if column.type in kinds]
    return next((column for column in fit if not column.nullable), fit[0]).name
