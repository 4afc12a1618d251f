"""The HTTP server in a thread: where it listens, and what it refuses to open."""

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import monotonic, sleep

import uvicorn
from starlette.types import ASGIApp

from pipeline_platform.errors import Abort

SHORTEST_TOKEN = 16
_START_S = 10.0
_END_S = 5.0


def refuse_unguarded(host: str, token: str, variable: str) -> None:
    """Abort where others than this machine could ask without a token, or the token is weak."""
    if not token and not is_local(host):
        raise Abort(
            "the views would be open to everybody who reaches this address",
            where=host,
            known=f"no token is set in {variable}",
            remedy=f"set {variable} to a secret of {SHORTEST_TOKEN} characters or more, "
            "or listen on 127.0.0.1",
        )
    if token and (len(token) < SHORTEST_TOKEN or not _plain(token)):
        raise Abort(
            "the token is too short, or has characters that a header does not carry",
            where=variable,
            known=f"at least {SHORTEST_TOKEN} characters of ASCII without spaces",
            remedy="take a random one, such as `openssl rand -hex 32` prints",
        )


def is_local(host: str) -> bool:
    """Whether only this machine reaches an address; names but `localhost` are taken as open."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def running(app: ASGIApp, host: str, port: int) -> Iterator[str]:
    """Serve until the context ends; gives the URL. Port 0 takes a free one.

    Requests under way are answered at the end. Abort where the address cannot be had.
    """
    bound = _bound(host, port)
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(_END_S),
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, args=([bound],), name="http", daemon=True)
    thread.start()
    until = monotonic() + _START_S
    while not server.started and thread.is_alive() and monotonic() < until:
        sleep(0.01)
    try:
        yield _url(host, bound.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(2 * _END_S)
        bound.close()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        raise Abort(
            "the server cannot listen on this address",
            where=f"{host}:{port}",
            known=str(error),
            remedy="end who listens there, or choose another with --port",
        ) from None


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _plain(token: str) -> bool:
    return token.isascii() and token.isprintable() and " " not in token
