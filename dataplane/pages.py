"""What is answered besides conversations: models, counts, usage, health, redirects."""

import json
from collections.abc import Callable, Sequence
from typing import Protocol
from urllib.parse import parse_qsl, unquote

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from dataplane import telemetry
from dataplane.catalogue import Catalogue
from dataplane.conversation.model import Call
from dataplane.errors import NotFound
from dataplane.ports import Control, Identity
from dataplane.server import Endpoint, Server, Visit

MODEL_PATH = "/v1/models/"
CONSOLE_PATHS = ("/", "/docs", "/swagger", "/playground", "/dashboard", "/deploy", "/admin/*")


class Counter(Protocol):
    """A dialect that tells how many tokens a request would be."""

    def parse_count(self, body: bytes) -> Call: ...

    def count(self, call: Call) -> bytes: ...


class Pages:
    """The endpoints; `ready` tells what is still missing, `console` is where people are sent."""

    def __init__(self, control: Control, catalogue: Catalogue, *, ready: Callable[[], Sequence[str]], console: str, openapi: bytes) -> None:
        self._control = control
        self._catalogue = catalogue
        self._ready = ready
        self._console = console
        self._openapi = openapi

    def install(self, server: Server) -> None:
        """Register every page."""
        server.route("/v1/models", {"GET": self.models})
        server.route(MODEL_PATH + "*", {"GET": self.model})
        server.route("/v1/usage", {"GET": self.usage})
        server.route("/health", {"GET": self.health})
        server.route("/ready", {"GET": self.ready})
        server.route("/metrics", {"GET": self.metrics})
        server.route("/openapi.json", {"GET": self.openapi})
        for path in CONSOLE_PATHS:
            server.route(path, {"GET": self.console, **({"HEAD": self.alive} if path == "/" else {})})

    async def models(self, visit: Visit) -> None:
        identity = await self._identity(visit)
        offered = self._catalogue.offered(identity.allowed_models)
        query = dict(parse_qsl(visit.query.decode("latin-1")))
        await visit.client.reply(visit.dialect.models(offered, query))

    async def model(self, visit: Visit) -> None:
        identity = await self._identity(visit)
        name = unquote(visit.path[len(MODEL_PATH) :])
        facts = self._catalogue.find(name, identity.allowed_models)
        if facts is None:
            raise NotFound(f"the model {name!r} is not offered here", param="model")
        await visit.client.reply(visit.dialect.model((name, facts)))

    async def usage(self, visit: Visit) -> None:
        identity = await self._control.identify(visit.caller(), usage=True)
        await visit.client.reply(identity.usage_json)

    def counting(self, counter: Counter, server: Server) -> Endpoint:
        """An endpoint that estimates a request's tokens."""

        async def count(visit: Visit) -> None:
            await self._identity(visit)
            call = counter.parse_count(await server.read(visit))
            await visit.client.reply(counter.count(call))

        return count

    async def alive(self, visit: Visit) -> None:
        await visit.client.reply(b"")

    async def health(self, visit: Visit) -> None:
        await visit.client.reply(b'{"status":"ok"}')

    async def ready(self, visit: Visit) -> None:
        """Whether requests of known keys will be served, with the reasons when not."""
        if missing := self._ready():
            await visit.client.reply(json.dumps({"status": "starting", "reasons": missing}).encode(), status=503)
        else:
            await visit.client.reply(b'{"status":"ready","mode":"normal"}')

    async def metrics(self, visit: Visit) -> None:
        await visit.client.reply(generate_latest(telemetry.REGISTRY), content_type=CONTENT_TYPE_LATEST.encode())

    async def openapi(self, visit: Visit) -> None:
        await visit.client.reply(self._openapi)

    async def console(self, visit: Visit) -> None:
        """People who open the gateway's address belong to the console."""
        query = f"?{visit.query.decode('latin-1')}" if visit.query else ""
        visit.client.say("location", self._console + visit.raw_path.decode("latin-1") + query)
        await visit.client.reply(b"", status=307)

    async def _identity(self, visit: Visit) -> Identity:
        return await self._control.identify(visit.caller())
