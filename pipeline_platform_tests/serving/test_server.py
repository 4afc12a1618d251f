"""Where the server listens, what it refuses, and how it ends."""

import socket

import httpx
import pytest

from pipeline_platform.errors import Abort
from pipeline_platform.serving.http import app
from pipeline_platform.serving.server import refuse_unguarded, running
from pipeline_platform_tests.serving.memory import HOURS, MemoryAnswers, departures

TOKEN = "correct-horse-battery"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "example.org", ""])
def test_an_open_address_needs_a_token(host: str) -> None:
    with pytest.raises(Abort, match="SECRET"):
        refuse_unguarded(host, "", "SECRET")
    refuse_unguarded(host, TOKEN, "SECRET")


@pytest.mark.parametrize("token", ["x7!q", "with spaces in its middle", "ünïcödé-is-not-sent"])
def test_a_weak_token_is_refused_and_not_told(token: str) -> None:
    with pytest.raises(Abort) as caught:
        refuse_unguarded("127.0.0.1", token, "SECRET")
    assert token not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.9.9.9"])
def test_this_machine_needs_none(host: str) -> None:
    refuse_unguarded(host, "", "SECRET")


def test_it_answers_over_a_socket_and_ends() -> None:
    answers = MemoryAnswers()
    answers.put(HOURS, departures([("JFK", 1, 7)]))
    with running(app(answers), "127.0.0.1", 0) as url:
        found = httpx.get(f"{url}/views/departures/rows?origin=JFK")
        assert found.json()["rows"][0]["departures"] == 7
        assert "server" not in found.headers
        assert httpx.head(f"{url}/views").content == b""
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_a_taken_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Abort, match="--port"), running(app(MemoryAnswers()), "127.0.0.1", port):
            pass
