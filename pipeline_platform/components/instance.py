"""The Dagster instance that every command and process of a project shares."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from pipeline_platform.components.dagster_internals import InstanceRef
from pipeline_platform.settings import dagster_defaults, dagster_home

_STORAGE = {
    "storage": {"custom": {"module": "pipeline_platform.components.storage", "class": "Storage"}},
    "telemetry": {"enabled": False},
}


@contextmanager
def instance(folder: Path | None = None) -> Iterator[dg.DagsterInstance]:
    """The instance that `dg` opens in `folder` (default: where we are).

    $DAGSTER_HOME comes first, then the folder's dagster.yaml; without either, the
    platform's own storage.
    """
    dagster_defaults()
    if dagster_home():
        with dg.DagsterInstance.get() as found:
            yield found
        return
    here = folder or Path.cwd()
    with tempfile.TemporaryDirectory(prefix="pipeline_platform_") as artifacts:
        if (here / "dagster.yaml").is_file():
            reference = InstanceRef.from_dir(artifacts, config_dir=str(here))
        else:
            reference = InstanceRef.from_dir(artifacts, overrides=_STORAGE)
        with dg.DagsterInstance.from_ref(reference) as found:
            yield found
