"""A shop with a view over its orders, materialized by its own assets."""

from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl

from pipeline_platform.components.dagster_internals import ComponentTree
from pipeline_platform.components.project import of_tree
from pipeline_platform.components.stream_assets import stream_definitions
from pipeline_platform.components.upkeep_assets import upkeep_definitions
from pipeline_platform.components.view_assets import view_definitions
from pipeline_platform.contracts.names import TableName
from pipeline_platform.declarations.resolution import Declarations
from pipeline_platform.lake.schema import arrow_schema
from pipeline_platform.models.query import query
from pipeline_platform.views.reading import reading
from pipeline_platform.wiring import platform
from pipeline_platform_tests.components.shop import copy_shop, importable

RAW, DAYS = dg.AssetKey(["raw", "orders"]), dg.AssetKey(["serving", "orders"])
PACE, BATCH = dg.AssetKey(["serving", "pace"]), dg.AssetKey(["serving", "pace__batch"])
YAML = """\
type: pipeline_platform.components.View

attributes:
  description: Orders by product.
  owner: team:sales
  paths: {paths}
  columns:
    orders: {{description: Orders placed.}}
    amount: {{description: Their prices in euros.}}
  checks:
    - unique: [product]
    - range: {{column: orders, min: 1}}
"""
SQL = """\
SELECT product, count(*) AS orders, sum(amount) AS amount
FROM serving.orders
GROUP BY product
"""
BY_SIZE = """\
SELECT s.size AS product, count(*) AS orders, sum(o.amount) AS amount
FROM serving.orders AS o
JOIN warehouse.sizes AS s ON s.product = o.product
GROUP BY s.size
"""
SIZES = dg.AssetKey(["warehouse", "sizes"])
_SIZES_YAML = """\
type: pipeline_platform.components.Model

attributes:
  description: Sizes of products.
  owner: team:sales
  layer: warehouse
  checks:
    - unique: [product]
"""
_SIZES_SQL = "SELECT product, 'small' AS size FROM serving.orders GROUP BY product\n"


class Shop:
    """A shop with a view over its orders."""

    def __init__(self, folder: Path, opened: dg.DagsterInstance) -> None:
        self._project, self._opened = copy_shop(folder), opened
        self.checks: dict[str, bool] = {}
        self.declare()

    def declare(self, paths: str = "both", sql: str = SQL) -> None:
        """Write the view."""
        folder = self._project / "shop" / "defs" / "sales" / "pace"
        folder.mkdir(exist_ok=True)
        (folder / "defs.yaml").write_text(YAML.format(paths=paths))
        (folder / "view.sql").write_text(sql)
        sizes = self._project / "shop" / "defs" / "sales" / "sizes"
        if "warehouse.sizes" in sql:
            sizes.mkdir(exist_ok=True)
            (sizes / "defs.yaml").write_text(_SIZES_YAML)
            (sizes / "model.sql").write_text(_SIZES_SQL)
        with importable(self._project):
            self.declared: Declarations = of_tree(ComponentTree.for_project(self._project))

    @property
    def definitions(self) -> dg.Definitions:
        """The stream, the view and the upkeep."""
        return dg.Definitions.merge(
            stream_definitions(self.declared.streams["orders"]),
            view_definitions(self.declared.views["pace"], self.declared),
            upkeep_definitions(self.declared),
        )

    def run(self, *keys: dg.AssetKey, days: tuple[str, str] | None = None) -> dict[str, object]:
        """Materialize in one run, whose checks are kept; plain metadata of the last asset."""
        tags = {}
        if days:
            tags = {
                "dagster/asset_partition_range_start": days[0],
                "dagster/asset_partition_range_end": days[1],
            }
        job = self.definitions.resolve_implicit_global_asset_job_def()
        done = job.execute_in_process(instance=self._opened, asset_selection=[*keys], tags=tags)
        made = [e.materialization for e in done.get_asset_materialization_events()]
        self.checks = {c.check_name: c.passed for c in done.get_asset_check_evaluations()}
        found = [m for m in made if m.asset_key == keys[-1]][-1]
        return {name: value.value for name, value in found.metadata.items()}


def sized(size: str, *products: str) -> None:
    """Let these be all products of `warehouse.sizes`, all of this size."""
    table = platform().lake.table(TableName("warehouse", "sizes"))
    schema = arrow_schema([("product", "string", True), ("size", "string", True)])
    table.ensure(schema, None)
    with table.stage(schema) as staging:
        staging.write(pl.DataFrame({"product": products, "size": [size] * len(products)}))
        files = staging.finish()
    table.replace(files, read=table.snapshot(), window=None)


def answer(table: str = "serving.pace") -> dict[str, int]:
    """Orders by product, as anybody reads them."""
    here = platform()
    found = query(f"SELECT product, orders FROM {table}", engine=here.engine, lake=here.lake)
    return dict(zip(*(column.to_pylist() for column in found.columns), strict=True))


def standing() -> dict[date, tuple[int, int]]:
    """Batch cut and late rows by day."""
    found = reading(platform().lake, "pace").standing
    return {day: (found.cuts.get(day, -1), found.late.get(day, 0)) for day in found.cuts}
