"""Historical features of a folder's Parquet files by Feast; runs in a venv of its own."""

import json
import sys
import time
import warnings
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig
from feast.types import Float64
from feast.value_type import ValueType

RUNS = 3


def opened(folder: Path, features: list[str]) -> FeatureStore:
    """A store below `folder` over `facts.parquet`, applied; DuckDB computes offline."""
    config = RepoConfig(
        project="benchmark",
        provider="local",
        registry=str(folder / "registry.db"),
        offline_store={"type": "duckdb"},
        online_store=None,
        entity_key_serialization_version=3,
    )
    store = FeatureStore(config=config)
    key = Entity(name="key", join_keys=["key"], value_type=ValueType.INT64)
    source = FileSource(
        name="facts",
        path=str(folder / "facts.parquet"),
        timestamp_field="event_ts",
        created_timestamp_column="available_at",
    )
    view = FeatureView(
        name="facts",
        entities=[key],
        ttl=timedelta(0),
        schema=[Field(name=name, dtype=Float64) for name in features],
        source=source,
        online=False,
    )
    store.apply([key, view])
    return store


def main(folder: Path, clocks: str) -> None:
    """Write `feast_<clocks>.parquet`; print seconds of the best retrieval of three.

    `event` is Feast's default; `both` leaves out what was created after the spine's instant.
    """
    warnings.simplefilter("ignore")  # imports of Feast turn them on again
    names = pq.read_schema(folder / "facts.parquet").names
    features = [name for name in names if name not in ("key", "event_ts", "available_at")]
    store = opened(folder, features)
    spent = []
    for _ in range(RUNS):
        wall, cpu = time.monotonic(), time.process_time()
        found = retrieved(store, folder, features, both=clocks == "both")
        spent.append((time.monotonic() - wall, time.process_time() - cpu))
    pq.write_table(found, folder / f"feast_{clocks}.parquet")
    seconds, cpu_s = min(spent)
    print(json.dumps({"seconds": seconds, "cpu": cpu_s}))


def retrieved(store: FeatureStore, folder: Path, features: list[str], *, both: bool) -> pa.Table:
    """The spine's rows with their features."""
    spine = pd.read_parquet(folder / "spine.parquet").rename(columns={"at": "event_timestamp"})
    job = store.get_historical_features(
        entity_df=spine,
        features=[f"facts:{name}" for name in features],
        filter_by_created_timestamp=both,
    )
    return job.to_arrow()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
