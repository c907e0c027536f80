"""A control plane as its REST side sees it: real services on a real database, a scripted provider, a clock to turn."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from typing import Any

import httpx

from controlplane import app
from controlplane.adapters.db import engine as database
from controlplane.domain.account import Account, Allowance, Credentials, Tokens
from controlplane.domain.errors import Absent
from controlplane.domain.kinds import KINDS
from controlplane.domain.model import ModelFacts
from controlplane.domain.outcome import Attempt, Compression, Ending, EndpointFault, Entry, Outcome, Source, Usage
from controlplane.rest import build
from controlplane.service.device_login import Grant, Verdict
from controlplane.service.services import Services
from controlplane.service.testing import Heard, Trials
from controlplane.settings import Settings
from headgate.settings import load

PASSWORD = "correct horse battery staple"
ARN = "arn:aws:codewhisperer:us-east-1:699475941385:profile/EHGA3GRVQMUK"
CLIENT_SECRET = "MARKED-client-secret"
START = 1772323200.0


def refresh_token(name: str) -> str:
    """A refresh token as long as a real one; all begin alike, as real ones do."""
    return "aorAAAAA" + "MARKED" + "x" * 120 + name


class TurnedClock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> float:
        return self.time

    def pass_(self, seconds: float) -> None:
        self.time += seconds

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)


class ScriptedProvider:
    """Answers as it is told; an exception in place of an answer is raised."""

    def __init__(self) -> None:
        self.refreshes: Tokens | Exception | None = None
        self.allowances: Allowance | Exception = Allowance(1, 50)
        self.offered: Sequence[ModelFacts] = (ModelFacts("claude-sonnet-4.5", "Claude Sonnet 4.5", 200000, 64000, 1.3),)
        self.refreshed: list[str] = []
        self.gate: asyncio.Event | None = None

    async def refresh(self, account: Account, credentials: Credentials) -> Tokens:
        if self.gate:
            await self.gate.wait()
        self.refreshed.append(credentials.refresh_token)
        made = Tokens(f"aoaAAAAAMARKED-access-{len(self.refreshed)}", 3600, profile_arn=ARN)
        return told(made if self.refreshes is None else self.refreshes)

    async def profiles(self, account: Account, bearer: str) -> Sequence[str]:
        return ()

    async def models(self, account: Account, bearer: str) -> Sequence[ModelFacts]:
        return self.offered

    async def allowance(self, account: Account, bearer: str) -> Allowance:
        return told(self.allowances)


class ScriptedDevices:
    """The device sign-in: a poll waits until there is an `answer`, an exception is raised. `refusal` of the beginning."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, str]] = []
        self.answer: asyncio.Queue[Tokens | Verdict | Exception] = asyncio.Queue()
        self.refusal: Exception | None = None

    async def begin(self, region: str, start_url: str) -> Grant:
        if self.refusal is not None:
            raise self.refusal
        self.begun.append((region, start_url))
        number = len(self.begun)
        page = "https://device.test/"
        secrets = ("client-id", CLIENT_SECRET, f"MARKED-device-code-{number}")
        return Grant(*secrets, f"CODE-{number}", page, f"{page}?user_code=CODE-{number}", expires_in=600, interval=1)

    async def poll(self, region: str, grant: Grant) -> Tokens | Verdict:
        return told(await self.answer.get())


class ScriptedGateway:
    """The data plane: what it answers, piece by piece; an exception is raised. `credentials`: what it was asked with."""

    def __init__(self) -> None:
        self.answers: list[Heard | Exception] = []
        self.credentials: list[str] = []
        self.gate: asyncio.Event | None = None

    async def ask(self, credential: str, model: str, prompt: str, max_tokens: int) -> AsyncGenerator[Heard, None]:
        self.credentials.append(credential)
        for answer in self.answers:
            yield told(answer)
            if self.gate is not None:
                await self.gate.wait()


class KeptOriginals:
    """What the summarizer keeps, by request; an exception in place of a text is raised."""

    def __init__(self) -> None:
        self.texts: dict[str, bytes | Exception] = {}
        self.asked: list[str] = []

    async def original(self, request_id: str) -> bytes:
        self.asked.append(request_id)
        return bytes(told(self.texts.get(request_id, Absent("nothing is kept"))))


def told(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


class World:
    """`stranger` and `elsewhere` send no password, from two addresses."""

    def __init__(self, plane: app.Plane, provider: ScriptedProvider, clock: TurnedClock) -> None:
        self.reasons: list[str] = []
        self.originals = KeptOriginals()
        self.gateway = ScriptedGateway()
        self.services = dataclasses.replace(
            plane.services, ready=self._ready, originals=self.originals, testing=self._trials(plane.services)
        )
        self.door = plane.parts.door
        self.provider = provider
        self.devices: ScriptedDevices
        self.clock = clock
        self.answers: list[httpx.Response] = []
        self.api = build(self.services, trusted_proxies=("127.0.0.9",), away=database.away)
        self.authorization = f"Bearer {PASSWORD}"
        self.stranger = self.client("127.0.0.1")
        self.elsewhere = self.client("127.0.0.2")

    def _trials(self, wired: Services) -> Trials:
        return Trials(wired.accounts, wired.passes, self.gateway, wired.clock)

    async def _ready(self) -> Sequence[str]:
        return tuple(self.reasons)

    def client(self, address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.api, client=(address, 1))
        return httpx.AsyncClient(transport=transport, base_url="http://console.test", event_hooks={"response": [self._keep]})

    async def _keep(self, response: httpx.Response) -> None:
        await response.aread()
        self.answers.append(response)

    def set_password(self, text: str) -> None:
        self.door.passwords.give(text)

    async def ask(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        """As the administrator; a body of None is none."""
        given = {} if body is None else {"json": body}
        return await self.stranger.request(method, path, headers={"authorization": self.authorization}, params=query or None, **given)

    async def send(self, method: str, path: str, content: Any, kind: str | None = "application/json") -> httpx.Response:
        """Any bytes as the administrator."""
        headers = {"authorization": self.authorization} | ({"content-type": kind} if kind else {})
        return await self.stranger.request(method, path, headers=headers, content=content)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.ask("GET", path, **query)

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        return await self.ask("POST", path, body)

    async def put(self, path: str, body: Any) -> httpx.Response:
        return await self.ask("PUT", path, body)

    async def delete(self, path: str) -> httpx.Response:
        return await self.ask("DELETE", path)

    async def account(self, name: str = "a", **fields: Any) -> dict[str, Any]:
        reply = await self.post("/api/accounts", {"refreshToken": refresh_token(name), **fields})
        assert reply.status_code == 201, reply.text
        return reply.json()

    async def key(self, name: str = "a", **fields: Any) -> dict[str, Any]:
        reply = await self.post("/api/keys", {"name": name, **fields})
        assert reply.status_code == 201, reply.text
        return reply.json()

    async def settled(self, account_id: str) -> dict[str, Any]:
        """The account once its first refresh is over and its model list was fetched, the last of what happens to it."""
        return await self.until(account_id, lambda row: row["offeredModels"] == [model.id for model in self.provider.offered])

    async def until(self, account_id: str, holds: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """The account once `holds`; what happens in the background takes its time."""
        async with asyncio.timeout(5):
            while not holds(row := (await self.get(f"/api/accounts/{account_id}")).json()):  # noqa: ASYNC110 - there is no event on this side of HTTP
                await asyncio.sleep(0.005)
        return row

    async def changes(self, **query: Any) -> list[dict[str, Any]]:
        """The audit log, newest first."""
        reply = await self.get("/api/audit", **query)
        assert reply.status_code == 200, reply.text
        return reply.json()["changes"]

    async def served(
        self,
        request_id: str,
        received_at_ms: int = 1772323200250,
        decision: str = "",
        cause: str = "",
        compression: Compression | None = None,
    ) -> None:
        """A request that was throttled by one account and served by another, in the records."""
        outcome = Outcome(
            lease_id=f"lease_{request_id}",
            request_id=request_id,
            ending=Ending.SERVED,
            status=200,
            received_at_ms=received_at_ms,
            duration_ms=900,
            dialect="anthropic",
            streamed=True,
            usage=Usage(10, 3, 2, 7, 4, 0.5, Source.UPSTREAM, Source.ESTIMATED, 2, Source.UPSTREAM),
            attempts=(
                Attempt("acc_1", "kiro", "claude-sonnet-4.5", 1, 40, "throttled", 429, 8, "slow down"),
                Attempt(
                    "acc_2",
                    "kiro",
                    "claude-sonnet-4.5",
                    50,
                    900,
                    "",
                    200,
                    endpoint="http://b.test",
                    endpoints=[EndpointFault("http://a.test", "unreachable", 3)],
                    learned={"profile_arn": ARN},
                ),
            ),
            finish_reason="stop",
            first_event_ms=120,
            dropped=("$.metadata",),
            compression=compression,
        )
        entry = Entry(outcome, "proxy", "sonnet", "acc_2", "kiro", "claude-sonnet-4.5", int(self.clock.time), not cause, 0.25)
        entry.decision, entry.cause = decision, cause
        written = self.services.records.record([entry])
        assert written is not None
        await written

    def fails(self, reply: httpx.Response, status: int, code: str, field: str | None = None) -> None:
        """The answer is an error in our shape."""
        assert reply.status_code == status, (reply.status_code, reply.text, field)
        error = reply.json()["error"]
        assert set(reply.json()) == {"error"}
        assert set(error) == {"code", "message", "field"}
        assert error["code"] == code
        assert error["message"]
        if field is not None:
            assert error["field"] == field, error


@contextlib.asynccontextmanager
async def opened(url: str, data_dir: str) -> AsyncIterator[World]:
    """A world on the migrated, empty database at `url`; the caller has put a TurnedClock into the app."""
    settings = load(
        Settings, {"HEADGATE_DATA_DIR": data_dir, "HEADGATE_DATABASE_URL": url, "ADMIN_PASSWORD": PASSWORD, "PROXY_API_KEY": "p"}
    )
    provider = ScriptedProvider()
    engine = database.connect(url)
    devices = ScriptedDevices()
    plane = await app.wire(settings, engine, dict.fromkeys(KINDS, provider), devices)
    parts = plane.parts
    writing = asyncio.create_task(parts.records.run())
    clock: Any = plane.services.clock
    try:
        made = World(plane, provider, clock)
        made.devices = devices
        yield made
    finally:
        await plane.gateway.close()
        await parts.pool.refreshing.close()
        await parts.pool.own.close()
        await parts.outside.background.close()
        parts.records.close()
        await writing
        await parts.outside.ledger.close()
        await engine.dispose()
