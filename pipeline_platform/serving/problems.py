"""Errors over HTTP: the four parts as JSON, under the status that fits."""

from http import HTTPStatus

from starlette.responses import Response

from pipeline_platform.errors import Abort, DeclarationError, PlatformError, Retry, UnknownName
from pipeline_platform.serving.encoding import encode

AGAIN_S = 1  # seconds after which a client may try again


class Gone(Abort):
    """A version that is no longer held."""


class Loading(Retry):
    """A view's answer is not in memory yet."""


class Busy(Retry):
    """More requests at once than the server takes, or one that took too long."""


def status(error: PlatformError) -> HTTPStatus:
    """What the caller did (4xx), or what happened here (5xx; 503 where a retry helps)."""
    if isinstance(error, Gone):
        return HTTPStatus.GONE
    if isinstance(error, UnknownName) and error.kind in ("view", "path"):
        return HTTPStatus.NOT_FOUND
    if isinstance(error, DeclarationError):
        return HTTPStatus.BAD_REQUEST
    if isinstance(error, Retry):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.INTERNAL_SERVER_ERROR


def problem(error: PlatformError, code: HTTPStatus | None = None) -> Response:
    """The error as a response; 503 says when to try again."""
    code = code or status(error)
    headers = {"Cache-Control": "no-store"}
    if code == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(AGAIN_S)
    if code == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    parts = {name: getattr(error, name) for name in ("what", "where", "known", "remedy")}
    said = {"error": {"status": int(code), **parts}}
    return Response(encode(said), code, headers, "application/json")
