"""The page `ten-minutes.md` does what it says, for a stranger outside the repository."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from pipeline_platform_tests.own_platform.page import Step, steps
from pipeline_platform_tests.own_platform.stranger import Stranger
from pipeline_platform_tests.own_platform.webserver import webserver

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TITLES = {title: list(found) for title, found in groupby(steps(), lambda step: step.section)}
NUMBERED = {title: found for title, found in TITLES.items() if title[0].isdigit()}
ADDING = {
    title: found for title, found in NUMBERED.items() if any("dg scaffold" in s.text for s in found)
}


class Journey:
    """The page followed to its end: what was printed, and the files around each section."""

    def __init__(self, stranger: Stranger) -> None:
        self.stranger = stranger
        self.printed: list[tuple[Step, str]] = []
        self.before: dict[str, dict[str, str]] = {}
        self.after: dict[str, dict[str, str]] = {}
        for title, found in NUMBERED.items():
            self.before[title] = stranger.files()
            self._follow(found)
            self.after[title] = stranger.files()

    def _follow(self, found: list[Step]) -> None:
        printed = ""
        for step in found:
            if step.kind == "sh":
                printed = self.stranger.does(step.text)
            elif step.kind == "file":
                self.stranger.write(step.path, step.text)
            else:
                self.printed.append((step, printed))


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    yield Journey(Stranger(tmp_path_factory.mktemp("stranger")))


def test_every_command_prints_what_the_page_shows(journey: Journey) -> None:
    assert len(journey.printed) == 5
    for step, printed in journey.printed:
        assert _shown(printed) == _shown(step.text), step.section


def _shown(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("title", ADDING)
def test_adding_a_thing_adds_a_folder_and_modifies_no_file(journey: Journey, title: str) -> None:
    before, after = journey.before[title], journey.after[title]
    assert {name: after.get(name) for name in before} == before
    folders = {Path(name).parent.as_posix() for name in after.keys() - before.keys()}
    assert len(folders) == 1


def test_five_things_were_added() -> None:
    kinds = ("Stream", "OperationalTable", "Model", "FeatureSet")
    texts = "".join(step.text for found in ADDING.values() for step in found)
    assert [texts.count(f"scaffold defs pipeline_platform.components.{k} ") for k in kinds] == [
        1,
        1,
        2,
        1,
    ]


def test_a_second_build_finds_nothing_to_do_from_any_folder(journey: Journey) -> None:
    script = "cd tea_shop/defs/shop && pipeline-platform build && cd ../../.."
    done = journey.stranger.run(script)
    assert done.returncode == 0, done.stderr
    assert "Nothing has changed" in done.stderr
    assert {p.name for p in journey.stranger.here.rglob("data")} == {"data"}


def test_the_page_of_the_chart_stands_alone(journey: Journey) -> None:
    pages = journey.stranger.here / "data" / "pages"
    chart = next(pages.glob("*revenue*.html")).read_text()
    assert "Revenue by product" in chart and "Assam" in chart
    assert "https://" not in chart.replace("https://vega.github.io/schema", "")


def test_the_project_serves_and_materializes_in_the_ui(journey: Journey) -> None:
    with webserver(journey.stranger) as server:
        keys = server.asset_keys()
        assert {"serving/orders", "mart/revenue", "feature/customer_history"} <= keys
        assert server.last_materialization("mart/revenue"), "what the command built is shown"
        before = server.last_materialization("mart/revenue")
        assert server.materialize("mart/revenue") == "SUCCESS"
        assert server.last_materialization("mart/revenue") > before
