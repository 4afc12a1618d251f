"""Runs a model over given rows."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.declarations.model_attributes import ModelAttributes
from pipeline_platform.declarations.model_declared import DeclaredModel, declare
from pipeline_platform.declarations.model_source import ModelSource
from pipeline_platform.declarations.resolution import Declarations
from pipeline_platform.models.build import build
from pipeline_platform.testing.bench import Bench, plain
from pipeline_platform.testing.derived_run import DerivedRun, Tested, run_derived
from pipeline_platform.testing.given import words
from pipeline_platform.testing.project import declared_in, project
from pipeline_platform.testing.sources import GivenRows
from pipeline_platform.testing.undeclared import Schemas, undeclared


@plain
def run_model(
    folder: str | Path,
    tables: Mapping[str, GivenRows],
    *,
    start: date | str | None = None,
    end: date | str | None = None,
    schemas: Schemas | None = None,
    engine: str = "sail",
    name: str = "",
) -> DerivedRun:
    """Build the model that `folder` declares from the rows of `tables`; its rows.

    `tables` gives the rows of every table that the model reads, by `layer.table`: a list of
    dictionaries, a Polars or pandas frame, the path of a CSV, NDJSON or Parquet file. Their
    columns and types are those that the project declares (all below the nearest folder
    `defs`); without a project, those of the values, or of `schemas`, Spark type by column and
    table. A model cut into days computes those from `start` up to, without, `end` (default:
    one day). Raises UnknownName, DeclarationError, WriteRefused or StatementFailed.
    """
    source = ModelSource.of(*declared_in(folder, ModelAttributes, name))
    declared = project(folder)
    if declared is None:
        declared = Declarations(tables=undeclared(tables, schemas or {}))
        source.reads()
        model = declare(source, declared.tables).with_checks(declared.tables)
    else:
        model = declared.models[str(source.table)]
    return run_derived(_tested(model, declared), tables, start, end, engine)


def _tested(declared_model: DeclaredModel, declared: Declarations) -> Tested:
    model = declared_model.model

    def built(window: DayWindow | None, bench: Bench) -> object:
        return build(model, window, engine=bench.engine, lake=bench.lake)

    reads = words(declared_model.source.body.read_text(), sql=bool(model.sql))
    return Tested(model, model.checks, declared, reads, built)
