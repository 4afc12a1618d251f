"""The folders that the tests of the kit run."""

from pathlib import Path

import pipeline_platform
from pipeline_platform.testing.project import project

AVIATION = Path(pipeline_platform.__file__).parent / "defs" / "aviation"
SHOP = Path(__file__).parents[1] / "components/projects/shop/shop/defs/sales"


def no_rows(folder: Path, table: str) -> dict[str, list[dict[str, object]]]:
    """Every input of a table that the project around `folder` declares, without rows."""
    declared = project(folder)
    assert declared is not None
    derived = declared.models.get(table)
    inputs = derived.model.inputs if derived else declared.feature_sets[table].feature_set.inputs
    return {name: [] for name in inputs}
