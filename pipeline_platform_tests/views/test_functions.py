"""Every function that splits gives what its own SQL gives, for any split into epochs."""

import pytest

from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.settings import prepare_process
from pipeline_platform.views.check import check_view
from pipeline_platform_tests.views.functions import COLUMNS, DIMENSIONS, VIEWS, view


@pytest.fixture(scope="module")
def engine() -> SailEngine:
    prepare_process("sail")
    return SailEngine()


@pytest.mark.parametrize("name", VIEWS)
def test_the_merged_answer_is_that_of_its_own_sql(engine: SailEngine, name: str) -> None:
    found = view(name)
    joined = {table: DIMENSIONS[table] for table in found.split.joined}
    rounds = 3 if found.split.pinned else 1
    difference = check_view(found, COLUMNS, engine, dimensions=joined, rounds=rounds)
    assert difference is None, str(difference)
