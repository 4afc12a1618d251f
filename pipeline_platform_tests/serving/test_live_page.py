"""The live page in headless Chromium: values move as events land; a disconnect shows."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline_platform.batch.change import bring_up
from pipeline_platform.contracts.charts import Chart, Encoding
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.lake import Lake
from pipeline_platform.serving.http import app
from pipeline_platform.serving.lake_answer import Said
from pipeline_platform.serving.lake_answers import LakeAnswers
from pipeline_platform.serving.server import running
from pipeline_platform.speed.fold import fold
from pipeline_platform_tests.charts.browser import dom_at, needs_chromium
from pipeline_platform_tests.serving.memory import HOURS, MemoryAnswers, departures
from pipeline_platform_tests.views.store import arrive, by_shop, clock

CHART = Chart(
    title="Sales by shop",
    mark="bar",
    x=Encoding("Sales", "quantitative", "events"),
    y=Encoding("Shop", "nominal", "shop"),
    labels=True,
)
pytestmark = [needs_chromium, pytest.mark.slow]


class Between:
    """Passes requests on; before the second look at a chart it does something."""

    def __init__(self, inner: ASGIApp, do: Callable[[], Awaitable[None]]) -> None:
        self._inner, self._do, self._looks = inner, do, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/chart"):
            self._looks += 1
            if self._looks == 2:
                await self._do()
        await self._inner(scope, receive, send)


@pytest.fixture
def answers(lake: Lake, engine: Engine) -> Iterator[LakeAnswers]:
    arrive(lake, 0, [(1, "alpha", 100), (1, "beta", 250)])
    bring_up(by_shop(), engine=engine, lake=lake, clock=clock)
    said = {"by_shop": Said("Sales by <shop>.", "shops", CHART)}
    served = LakeAnswers(lender=engine, lake=lake, clock=clock, said=said, every_s=0.02)
    yield served.start()
    served.close()


def _text(document: str, name: str) -> str:
    found = re.search(rf'id="{name}"[^>]*>([^<]*)<', document)
    assert found, name
    return found[1]


def test_the_page_moves_as_events_land(
    answers: LakeAnswers, lake: Lake, engine: Engine, tmp_path: Path
) -> None:
    def land() -> None:
        arrive(lake, 1, [(1, "gamma", 1)] * 41)
        fold(by_shop(), engine=engine, lake=lake)
        until = time.monotonic() + 20
        while answers.newest("by_shop").standing.as_of < 1 and time.monotonic() < until:
            time.sleep(0.01)

    async def landed() -> None:
        await asyncio.to_thread(land)

    with running(Between(app(answers), landed), "127.0.0.1", 0) as url:
        document = dom_at(f"{url}/live/by_shop", tmp_path / "profile", seconds=5)
    assert 'data-updates="2"' in document  # one page saw both versions
    assert (_text(document, "as-of"), _text(document, "late")) == ("1", "41")
    assert (_text(document, "count"), _text(document, "state")) == ("3", "Live")
    assert _text(document, "title") == "Sales by shop"
    figure = document[document.index("<figure>") : document.index("</figure>")]
    assert re.search(r"<text[^>]*>41</text>", figure)
    assert "gamma" in figure
    assert "Sales by &lt;shop&gt;." in document


def test_a_server_that_fails_shows(answers: LakeAnswers, tmp_path: Path) -> None:
    async def fail() -> None:
        inner._inner = _broken

    async def _broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 502, "headers": []})
        await send({"type": "http.response.body", "body": b"no"})

    inner = Between(app(answers), fail)
    with running(inner, "127.0.0.1", 0) as url:
        document = dom_at(f"{url}/live/by_shop", tmp_path / "profile", seconds=5)
    assert 'data-state="disconnected"' in document
    assert "Disconnected" in _text(document, "state")
    assert _text(document, "as-of") == "0"
    assert re.search(r"<body[^>]* data-stale", document)


def test_a_view_without_a_chart_gets_one_in_the_dark_too(tmp_path: Path) -> None:
    answers = MemoryAnswers()
    answers.put(HOURS, departures([("EWR", h, h) for h in range(24)]))
    with running(app(answers), "127.0.0.1", 0) as url:
        document = dom_at(f"{url}/live/departures", tmp_path / "profile", dark=True, seconds=3)
        listed = dom_at(f"{url}/", tmp_path / "second", seconds=3)
    assert _text(document, "title") == "Departures"
    assert "mark-line" in document
    assert "#5cb3ee" in document
    assert 'href="/live/departures"' in listed


def test_a_page_behind_a_token_asks_for_it(tmp_path: Path) -> None:
    answers = MemoryAnswers()
    answers.put(HOURS, departures([("EWR", 1, 1)]))
    with running(app(answers, token="t" * 20), "127.0.0.1", 0) as url:
        document = dom_at(f"{url}/live/departures", tmp_path / "profile", seconds=5)
    assert re.search(r'<form id="token">', document)
    assert "EWR" not in document
