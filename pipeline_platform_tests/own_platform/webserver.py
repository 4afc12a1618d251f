"""`dg dev` of a stranger's project, asked by GraphQL and stopped for sure."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipeline_platform_tests.own_platform.stranger import BIN, Stranger

_ASSETS = """{ assetNodes { assetKey { path } assetMaterializations(limit: 1) { timestamp } } }"""
_LOCATION = """{ repositoriesOrError { ... on RepositoryConnection {
    nodes { name location { name } } } } }"""
_LAUNCH = """mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params)
    { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
_RUN = """query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"""
_ENDED = ("SUCCESS", "FAILURE", "CANCELED")


class Server:
    """A running webserver on localhost."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/graphql"

    def ask(self, query: str, **variables: Any) -> Any:
        """The data that answer a query."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            found = json.loads(answer.read())
        assert "errors" not in found, found
        return found["data"]

    def asset_keys(self) -> set[str]:
        """Every asset."""
        return {"/".join(n["assetKey"]["path"]) for n in self.ask(_ASSETS)["assetNodes"]}

    def last_materialization(self, key: str) -> float:
        """When the asset was last built, in ms since 1970; 0 for never."""
        nodes = self.ask(_ASSETS)["assetNodes"]
        (node,) = (n for n in nodes if "/".join(n["assetKey"]["path"]) == key)
        return max((float(m["timestamp"]) for m in node["assetMaterializations"]), default=0.0)

    def materialize(self, key: str) -> str:
        """Launch a run of the asset as the UI does; the status in which it ends."""
        (node,) = self.ask(_LOCATION)["repositoriesOrError"]["nodes"]
        selector = {
            "repositoryName": node["name"],
            "repositoryLocationName": node["location"]["name"],
            "pipelineName": "__ASSET_JOB",
            "assetSelection": [{"path": key.split("/")}],
        }
        launched = self.ask(_LAUNCH, params={"selector": selector, "mode": "default"})
        run = launched["launchPipelineExecution"]["run"]["runId"]
        until = time.monotonic() + 120
        while time.monotonic() < until:
            status: str = self.ask(_RUN, id=run)["runOrError"]["status"]
            if status in _ENDED:
                return status
            time.sleep(0.5)
        return "no end"


@contextmanager
def webserver(stranger: Stranger) -> Iterator[Server]:
    """`dg dev` in the stranger's project on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = stranger.home / "dev.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(BIN / "dg"), "dev", "--port", str(port)],
            cwd=stranger.here,
            env=stranger.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        server = Server(port)
        _wait(server, process, lambda: log.read_text()[-4000:])
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)


def _wait(server: Server, process: subprocess.Popen[bytes], said: Any) -> None:
    until = time.monotonic() + 90
    while True:
        try:
            server.asset_keys()
            return
        except (urllib.error.URLError, ConnectionError, AssertionError):
            assert process.poll() is None and time.monotonic() < until, said()
            time.sleep(0.5)
