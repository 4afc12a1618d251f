"""A client that asks an application without a network."""

import asyncio
from typing import Any

import httpx
from starlette.types import ASGIApp

LOCAL = "http://127.0.0.1:8765"


class Client:
    """One request at a time; a failure of the application is a response like any other."""

    def __init__(self, served: ASGIApp, base: str = LOCAL) -> None:
        self._served, self._base = served, base

    def get(self, path: str, **given: Any) -> httpx.Response:
        """The response to a GET."""
        return self.request("GET", path, **given)

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        """The response to any method."""
        return asyncio.run(self._request(method, path, given))

    async def _request(self, method: str, path: str, given: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self._served, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=self._base) as client:
            return await client.request(method, path, **given)
