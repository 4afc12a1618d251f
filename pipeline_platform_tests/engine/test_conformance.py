"""Every engine gives the recorded answers of Spark 4.1, but for its declared gaps."""

import pytest

from pipeline_platform.engine.capabilities import ENGINES, FEATURES, missing
from pipeline_platform_tests.engine.answers import (
    GOLDEN,
    Answer,
    ask,
    ask_elsewhere,
    java,
    read,
    start,
)
from pipeline_platform_tests.engine.frames import FRAMES
from pipeline_platform_tests.engine.probes import GAPS, PROBES

EXPECTED = read(GOLDEN)
NAMES = [pytest.param(n, marks=pytest.mark.spark if n == "spark" else ()) for n in ENGINES]


@pytest.fixture(scope="module", params=NAMES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def answers(engine: str) -> dict[str, Answer]:
    asked = {**PROBES, **GAPS}
    if engine == "spark":
        if not java():
            pytest.skip("no Java on this machine")
        return ask_elsewhere(engine, FRAMES, asked)
    return ask(start(engine), FRAMES, asked)


@pytest.mark.timeout(300)
def test_equal_answers(answers: dict[str, Answer]) -> None:
    different = {p: (answers[p], EXPECTED[p]) for p in PROBES if answers[p] != EXPECTED[p]}
    assert not different
    assert not [name for name in PROBES if EXPECTED[name].error]


@pytest.mark.timeout(300)
def test_gaps_are_the_declared_ones(engine: str, answers: dict[str, Answer]) -> None:
    served_by = "sail" if engine == "connect" else engine
    gaps = {name for name in GAPS if answers[name] != EXPECTED[name]}
    assert gaps == {f"gap_{f}" for f in FEATURES if missing(served_by, f) and f"gap_{f}" in GAPS}


def test_the_frames_hold_what_the_probes_need() -> None:
    assert len(PROBES) > 80
    assert FRAMES["events"].column("score").null_count == 1
    assert FRAMES["events"].column("place").null_count == 2
