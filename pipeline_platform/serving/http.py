"""The HTTP application: views, their rows, health, OpenAPI and the live pages."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline_platform.errors import Abort, DeclarationError, PlatformError, UnknownName
from pipeline_platform.serving import cursor, encoding, pages
from pipeline_platform.serving.answers import Answer, Answers, Standing
from pipeline_platform.serving.asked import Asked, asked, single
from pipeline_platform.serving.described import listed, view
from pipeline_platform.serving.guard import Guard, Limits
from pipeline_platform.serving.live import Charts
from pipeline_platform.serving.openapi import specification
from pipeline_platform.serving.problems import Loading, problem

if TYPE_CHECKING:
    import polars as pl

T = TypeVar("T")
_POLL_S = 0.05
_THREADS = 4
_SMALL = 100  # rows that are read and written without leaving the event loop
_NEVER_SNIFF = {"X-Content-Type-Options": "nosniff"}


def app(answers: Answers, *, token: str = "", limits: Limits | None = None) -> Starlette:
    """The application over these answers; with a token, whoever asks must send it."""
    bounds = limits or Limits()
    server = _Server(answers, bounds)
    routes = [
        Route("/", server.home),
        Route("/health", server.health),
        Route("/openapi.json", server.openapi),
        Route("/views", server.views),
        Route("/views/{name}", server.view),
        Route("/views/{name}/rows", server.rows),
        Route("/live/{name}", server.live),
        Route("/live/{name}/chart", server.chart),
        Route("/assets/{name}", server.asset),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, token=token, limits=bounds)],
        exception_handlers={
            PlatformError: _told,
            HTTPException: _unrouted,
            Exception: _unexpected,
        },
    )


class _Server:
    """The endpoints; what may take long runs in a few threads."""

    def __init__(self, answers: Answers, limits: Limits) -> None:
        self._answers, self._limits = answers, limits
        self._charts = Charts()
        self._threads = ThreadPoolExecutor(_THREADS, "serving")

    async def home(self, request: Request) -> Response:
        return _page(pages.home())

    async def live(self, request: Request) -> Response:
        return _page(pages.live(request.path_params["name"]))

    async def asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        body, kind = await self._aside(lambda: pages.asset(name))
        headers = {"ETag": f'"{sha256(body).hexdigest()[:16]}"', "Cache-Control": "no-cache"}
        if _has(request, headers["ETag"]):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(body, headers={**headers, **_NEVER_SNIFF}, media_type=kind)

    async def health(self, request: Request) -> Response:
        try:
            async with asyncio.timeout(self._limits.seconds / 2):
                await self._aside(self._answers.ready)
        except (PlatformError, TimeoutError) as error:
            what = error.what if isinstance(error, PlatformError) else "the lake is slow to answer"
            return _json({"status": "not ready", "what": what}, HTTPStatus.SERVICE_UNAVAILABLE)
        return _json({"status": "ready"})

    async def openapi(self, request: Request) -> Response:
        def made() -> dict[str, Any]:
            views = [self._answers.about(name) for name in self._answers.names()]
            return specification(views, self._limits)

        return _json(await self._aside(made))

    async def views(self, request: Request) -> Response:
        return _json(await self._aside(lambda: listed(self._answers)))

    async def view(self, request: Request) -> Response:
        answer = await self._newest(request.path_params["name"])
        if same := _unchanged(request, answer.standing):
            return same
        return _json(view(answer), headers=_stands(answer.standing))

    async def rows(self, request: Request) -> Response:
        name, given = request.path_params["name"], request.query_params
        about = self._answers.about(name)
        wanted = asked(given.multi_items(), about.columns, about.keys)
        limit = self._limit(given.getlist("limit"))
        place = _place(given.getlist("after"), wanted)
        if place:
            answer = await self._aside(partial(self._answers.tagged, name, place.tag))
        else:
            answer = await self._newest(name)
        if same := _unchanged(request, answer.standing):
            return same
        offset = place.offset if place else 0

        def body() -> bytes:
            found = answer.rows(wanted, offset, limit + 1)
            if len(found) > limit:
                self._answers.keep(answer)
            return _rows(answer, wanted, found, offset, limit)

        at_once = answer.quick and limit <= _SMALL and single(wanted, about.keys)
        found = body() if at_once else await self._aside(body)
        return _response(found, headers=_stands(answer.standing))

    async def chart(self, request: Request) -> Response:
        answer = await self._newest(request.path_params["name"])
        if same := _unchanged(request, answer.standing):
            return same
        found = await self._aside(lambda: self._charts.of(answer))
        return _response(found, headers=_stands(answer.standing))

    async def _newest(self, name: str) -> Answer:
        """The newest answer, waited for while it is loaded; the guard ends the wait."""
        while True:
            try:
                return self._answers.newest(name)
            except Loading:
                await asyncio.sleep(_POLL_S)

    async def _aside(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _limit(self, given: list[str]) -> int:
        text = given[-1] if given else str(self._limits.page)
        if text.isascii() and text.isdigit() and 1 <= int(text) <= self._limits.rows:
            return int(text)
        raise DeclarationError(
            f"{text[:40]!r} is no number of rows for a page",
            where="parameter limit",
            known=f"1 to {self._limits.rows}",
            remedy="ask for fewer rows and go on with `after`",
        )


def _place(given: list[str], wanted: Asked) -> cursor.Cursor | None:
    return cursor.read(given[-1], wanted) if given and given[-1] else None


def _rows(answer: Answer, wanted: Asked, found: "pl.DataFrame", offset: int, limit: int) -> bytes:
    """A page of rows as JSON; one row more than asked for says that another page follows."""
    after, standing = None, answer.standing
    if len(found) > limit:
        place = cursor.Cursor(standing.tag, cursor.question(wanted), offset + limit)
        found, after = found.head(limit), cursor.write(place)
    head = {"view": answer.about.name, "pin": standing.pin, "as_of": standing.as_of}
    return encoding.encode({**head, "rows": encoding.rows(found), "after": after})


def _tag(standing: Standing) -> str:
    return f'"{standing.tag}"'


def _stands(standing: Standing) -> dict[str, str]:
    return {"ETag": _tag(standing), "As-Of": str(standing.as_of), "Cache-Control": "no-cache"}


def _unchanged(request: Request, standing: Standing) -> Response | None:
    if not _has(request, _tag(standing)):
        return None
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=_stands(standing))


def _has(request: Request, tag: str) -> bool:
    """Whether the client holds what this ETag names."""
    given = request.headers.get("if-none-match", "")
    known = {one.strip().removeprefix("W/") for one in given.split(",")}
    return tag in known or known == {"*"}


def _json(
    value: Any, code: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> Response:
    return _response(encoding.encode(value), code, headers or {"Cache-Control": "no-store"})


def _response(
    body: bytes, code: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> Response:
    return Response(body, code, {**(headers or {}), **_NEVER_SNIFF}, "application/json")


def _page(text: str) -> Response:
    return Response(
        text, headers={"Cache-Control": "no-cache", **pages.HEADERS}, media_type="text/html"
    )


async def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, PlatformError)
    return problem(error)


async def _unrouted(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        found = Abort(
            f"{request.method} is not taken here",
            where=request.url.path,
            known="views are read; nothing is written over HTTP",
            remedy="use GET",
        )
        return problem(found, HTTPStatus.METHOD_NOT_ALLOWED)
    known = ("/", "/health", "/openapi.json", "/views", "/views/<view>/rows", "/live/<view>")
    return problem(UnknownName("path", request.url.path, known))


async def _unexpected(request: Request, error: Exception) -> Response:
    found = Abort(
        "the server failed to answer",
        where=request.url.path,
        remedy="its log has the reason; tell who runs it",
    )
    return problem(found, HTTPStatus.INTERNAL_SERVER_ERROR)
