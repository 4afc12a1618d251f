"""Who may ask, how many at once and for how long: the outermost layer of the server."""

import asyncio
import secrets
from http import HTTPStatus
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline_platform.errors import Abort, PlatformError
from pipeline_platform.serving.problems import Busy, problem

LOCAL = ("localhost", "127.0.0.1", "::1")
_OPEN = ("/health", "/", "/live", "/assets")


class Limits(Struct, frozen=True):
    """`page` rows by default and at most `rows`; `seconds` per request; `requests` at once."""

    page: int = 100
    rows: int = 10_000
    seconds: float = 10.0
    requests: int = 64


class Guard:
    """Lets requests through to `app`.

    With a token every path needs it but health and pages without data. Without one only
    requests that name this machine are taken, so that no page of the web reads them through
    a name that leads here.
    """

    def __init__(self, app: ASGIApp, *, token: str, limits: Limits) -> None:
        self._app, self._token, self._limits = app, token.encode(), limits
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        if refused := self._refused(scope):
            return await problem(*refused)(scope, receive, send)
        self._running += 1
        try:
            await self._timed(scope, receive, send)
        finally:
            self._running -= 1

    def _refused(self, scope: Scope) -> tuple[PlatformError, HTTPStatus] | None:
        headers, path = Headers(scope=scope), scope["path"]
        if not self._token and _host(headers.get("host", "")) not in LOCAL:
            return _FOREIGN, HTTPStatus.FORBIDDEN
        if self._token and not _is_open(path) and not self._knows(headers):
            return _UNKNOWN, HTTPStatus.UNAUTHORIZED
        if self._running >= self._limits.requests and path != "/health":
            return _busy(self._limits.requests), HTTPStatus.SERVICE_UNAVAILABLE
        return None

    def _knows(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        known = secrets.compare_digest(given.strip().encode(), self._token)
        return known and scheme.lower() == "bearer"

    async def _timed(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            async with asyncio.timeout(self._limits.seconds):
                await self._app(scope, receive, noted)
        except TimeoutError:
            if not started:
                await problem(_late(self._limits.seconds))(scope, receive, send)


def _host(header: str) -> str:
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def _is_open(path: str) -> bool:
    """Whether a path holds no data; `/live/<view>/chart` does."""
    parts = path.strip("/").split("/")
    if path.startswith("/live/"):
        return len(parts) == 2
    return path in _OPEN or path.startswith("/assets/")


_FOREIGN = Abort(
    "this server answers only requests to this machine",
    where="header Host",
    known=f"hosts {', '.join(LOCAL)}",
    remedy="ask for http://127.0.0.1, or start the server with a token",
)
_UNKNOWN = Abort(
    "the token is missing or wrong",
    where="header Authorization",
    known="the server was started with a token",
    remedy="send `Authorization: Bearer <token>`",
)


def _busy(most: int) -> Busy:
    return Busy("too many requests at once", known=f"{most} are taken", remedy="try again soon")


def _late(seconds: float) -> Busy:
    return Busy(
        "the answer took too long",
        known=f"a request may take {seconds:g} s",
        remedy="try again, or ask for fewer rows: by key, by prefix, with a smaller limit",
    )
