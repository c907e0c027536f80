"""The service's own HTTP: /health, /ready and /metrics, as one small ASGI application."""

import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer = tuple[int, str, bytes]  # status, content type, body

JSON = "application/json"


class Status:
    """`missing` says what keeps the service from serving; nothing: it does."""

    def __init__(self, registry: CollectorRegistry, missing: Callable[[], Awaitable[Sequence[str]]]) -> None:
        self._registry = registry
        self._missing = missing

    async def __call__(self, scope: MutableMapping[str, Any], _receive: Any, send: Send) -> None:
        status, kind, body = await self.answer(scope["method"], scope["path"])
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def answer(self, method: str, path: str) -> Answer:
        """What is said to `method path`."""
        if path not in PAGES:
            return 404, JSON, b'{"error":"not found"}'
        if method not in ("GET", "HEAD"):
            return 405, JSON, b'{"error":"method not allowed"}'
        return await PAGES[path](self)

    async def health(self) -> Answer:
        return 200, JSON, b'{"status":"ok"}'

    async def readiness(self) -> Answer:
        reasons = await self._missing()
        if not reasons:
            return 200, JSON, b'{"status":"ready","mode":"normal"}'
        return 503, JSON, json.dumps({"status": "not ready", "reasons": list(reasons)}).encode()

    async def metrics(self) -> Answer:
        return 200, CONTENT_TYPE_LATEST, generate_latest(self._registry)


PAGES: dict[str, Callable[[Status], Awaitable[Answer]]] = {
    "/health": Status.health,
    "/ready": Status.readiness,
    "/metrics": Status.metrics,
}
