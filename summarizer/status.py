"""The service's own HTTP: /health, /ready and /metrics, as one small ASGI application."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer = tuple[int, str, bytes]  # status, content type, body

JSON = "application/json"


class Status:
    """`ready` is true while calls are taken."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.ready = False
        self._registry = registry

    async def __call__(self, scope: MutableMapping[str, Any], _receive: Any, send: Send) -> None:
        status, kind, body = self.answer(scope["method"], scope["path"])
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def answer(self, method: str, path: str) -> Answer:
        """What is said to `method path`."""
        if path not in PAGES:
            return 404, JSON, b'{"error":"not found"}'
        if method not in ("GET", "HEAD"):
            return 405, JSON, b'{"error":"method not allowed"}'
        return PAGES[path](self)

    def health(self) -> Answer:
        return 200, JSON, b'{"status":"ok"}'

    def readiness(self) -> Answer:
        if self.ready:
            return 200, JSON, b'{"status":"ready","mode":"normal"}'
        return 503, JSON, b'{"status":"not ready","reasons":["the gRPC service is not being served"]}'

    def metrics(self) -> Answer:
        return 200, CONTENT_TYPE_LATEST, generate_latest(self._registry)


PAGES: dict[str, Callable[[Status], Answer]] = {
    "/health": Status.health,
    "/ready": Status.readiness,
    "/metrics": Status.metrics,
}
