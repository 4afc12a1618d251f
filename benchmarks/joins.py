"""One as-of join, done by the kernel, by a build over the lake, and by DuckDB."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import polars as pl

    from pipeline_platform.contracts.features import AsOf, FeatureSet
    from pipeline_platform.lake.lake import Lake

T = TypeVar("T")

RUNS = 3
# A row is of use from the instant at which both clocks have passed, unless a later one was
# known by then: those left are ordered alike by both clocks, and ASOF finds the last.
_BOTH = """
    SELECT *, greatest(event_ts, available_at) AS known FROM facts
    QUALIFY event_ts >= max(event_ts) OVER (PARTITION BY key ORDER BY known, event_ts)
"""
_EVENT = "SELECT *, event_ts AS known FROM facts"


def write_join(folder: str, spine: str, rows: str, keys: str, kind: str = "") -> dict[str, Any]:
    """The files of `join_data.write`; `at_once`: all is available as it happens; `skewed`."""
    import polars as pl

    from benchmarks.join_data import write

    place = Path(folder)
    write(place, spine=int(spine), rows=int(rows), keys=int(keys), skewed=kind == "skewed")
    if kind == "at_once":
        facts = pl.read_parquet(place / "facts.parquet")
        facts.with_columns(available_at="event_ts").write_parquet(place / "facts.parquet")
    return {}


def join_kernel(folder: str) -> dict[str, Any]:
    """The kernel over both files, their reading included, into `kernel.parquet`."""
    import polars as pl

    from pipeline_platform.features import kernel

    place = Path(folder)
    group = _group(_features(place))

    def joined() -> pl.DataFrame:
        spine = pl.read_parquet(place / "spine.parquet")
        facts = pl.read_parquet(place / "facts.parquet")
        keyed = spine.rename({"key": kernel.spine_key(0, 0), "at": kernel.AT})
        names = {n: kernel.source_value(i) for i, n in enumerate(_features(place))}
        clocks = {"event_ts": kernel.EVENT, "available_at": kernel.AVAILABLE}
        source = facts.rename({"key": kernel.source_key(0)} | clocks | names)
        return spine.hstack(kernel.features(keyed, [source], [group]))

    spent, found = _best(joined)
    found.write_parquet(place / "kernel.parquet")
    return spent


def join_build(folder: str) -> dict[str, Any]:
    """A feature set from tables of a lake to a table of it, into `build.parquet`."""
    import polars as pl

    from pipeline_platform.features.build import build
    from pipeline_platform.lake.catalog import load
    from pipeline_platform.settings import Settings
    from pipeline_platform.wiring import platform

    place = Path(folder)
    here = platform(Settings(home=place))
    for name in ("spine", "facts"):
        _put(here.lake, name, pl.read_parquet(place / f"{name}.parquet"))
    feature_set = _feature_set(_features(place))
    here.engine.collect(here.engine.sql("SELECT 1"))
    spent, _ = _best(lambda: build(feature_set, None, engine=here.engine, lake=here.lake))
    load(here.lake, str(feature_set.table), "polars").write_parquet(place / "build.parquet")
    return spent


def join_duckdb(folder: str, clocks: str) -> dict[str, Any]:
    """ASOF over both files by `event` or `both` clocks, into `duckdb_<clocks>.parquet`."""
    import duckdb as db
    import pyarrow.parquet as pq

    values = ", ".join(f"f.{name}" for name in _features(Path(folder)))
    known = _BOTH if clocks == "both" else _EVENT
    statement = f"""
        WITH facts AS (FROM '{folder}/facts.parquet'), f AS ({known})
        SELECT s.id, s.key, s.at, {values} FROM '{folder}/spine.parquet' s
        ASOF LEFT JOIN f ON s.key = f.key AND s.at >= f.known
    """

    def joined() -> Any:
        with db.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.sql(statement).to_arrow_table()

    spent, found = _best(joined)
    pq.write_table(found, f"{folder}/duckdb_{clocks}.parquet")
    return spent


def compare_joins(folder: str, ours: str, theirs: str) -> dict[str, Any]:
    """Rows of `theirs`, those that differ from `ours`, those with a value not yet available."""
    import polars as pl

    place = Path(folder)
    names = _features(place)
    a, b = (
        pl.read_parquet(place / f"{way}.parquet").select("id", *names).sort("id")
        for way in (ours, theirs)
    )
    assert a["id"].equals(b["id"]), f"{theirs} lost or doubled rows of the spine"
    same = a.select(pl.all_horizontal(pl.col(n).eq_missing(b[n]) for n in names)).to_series()
    spine = pl.read_parquet(place / "spine.parquet", columns=["id", "key", "at"])
    facts = pl.read_parquet(place / "facts.parquet", columns=["key", "available_at", names[0]])
    used = b.join(spine, on="id").join(facts, on=["key", names[0]])
    leaked = used.filter(pl.col("available_at") > pl.col("at")).height
    return {"rows": b.height, "differ": int((~same).sum()), "leaked": leaked}


def _best(work: Callable[[], T]) -> tuple[dict[str, float], T]:
    """Wall and CPU seconds of the best of RUNS runs, and what the last one gave."""
    spent = []
    for _ in range(RUNS):
        wall, cpu = time.monotonic(), time.process_time()
        found = work()
        spent.append((time.monotonic() - wall, time.process_time() - cpu))
    seconds, cpu_s = min(spent)
    return {"seconds": seconds, "cpu": cpu_s}, found


def _features(folder: Path) -> list[str]:
    import pyarrow.parquet as pq

    names = pq.read_schema(folder / "facts.parquet").names
    return [name for name in names if name not in ("key", "event_ts", "available_at")]


def _group(names: list[str]) -> "AsOf":
    from pipeline_platform.contracts.features import AsOf, Feature

    values = tuple(Feature(name, name) for name in names)
    return AsOf("serving.facts", (("key", "key"),), "event_ts", "available_at", values)


def _feature_set(names: list[str]) -> "FeatureSet":
    from pipeline_platform.contracts.features import FeatureSet, Spine
    from pipeline_platform.contracts.models import TableColumn
    from pipeline_platform.contracts.names import TableName

    kept = {"id": "bigint", "key": "bigint", "at": "timestamp"}
    columns = kept | dict.fromkeys(names, "double")
    return FeatureSet(
        table=TableName("feature", "joined"),
        spine=Spine("serving.spine", "at", tuple(kept)),
        groups=(_group(names),),
        columns=tuple(TableColumn(name, kind) for name, kind in columns.items()),
        inputs={"serving.spine": (0, 0), "serving.facts": (0, 0)},
    )


def _put(lake: "Lake", name: str, rows: "pl.DataFrame") -> None:
    from pipeline_platform.contracts.names import TableName

    arrow = rows.to_arrow()
    target = lake.table(TableName("serving", name))
    target.ensure(arrow.schema, None)
    read = target.snapshot()
    with target.stage(read) as staging:
        staging.write(arrow)
        files = staging.finish()
    target.replace(files, read=read, window=None)
