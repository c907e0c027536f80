"""One API behind a door: who asks, whether it may, what is answered. The vendor's own ways are in its subclasses."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.simulators.serving.directives import BadDirective, Directives, parse
from tests.simulators.serving.parts import Ask
from tests.simulators.serving.scripts import CHOPPED, SCRIPTS, STATUS, STATUSES
from tests.simulators.serving.sending import Gathered, Writer, chopped, gather, halved, streamed
from tests.simulators.serving.state import Account, Body, Fault, Planned, Recorded, Rejection, State
from tests.simulators.serving.steps import Steps, play

SECRET_HEADERS = ("authorization", "x-api-key", "cookie", "proxy-authorization")


class Service(ABC):
    """`state` is the simulator's; a simulator with several vendors has one service for each."""

    def __init__(self, state: State) -> None:
        self.state = state

    # ---- what each vendor has in its own way

    @abstractmethod
    def account(self, headers: Mapping[str, str]) -> Account | Rejection:
        """Who presents these headers, or how it is refused."""

    @abstractmethod
    def judge(self, account: Account, body: Any, headers: Mapping[str, str], route: str) -> Rejection | None:
        """The first rule that a request breaks. `body` is None when it is no JSON."""

    @abstractmethod
    def text(self, body: Any) -> str:
        """What the user wrote last, which may hold directives."""

    def default(self, body: Any) -> str:
        """The script of a request that names none."""
        return "text"

    @abstractmethod
    def ask(self, account: Account, body: Any, told: Directives) -> Ask:
        """The request as scripts see it."""

    @abstractmethod
    def writer(self, account: Account, ask: Ask, record: Recorded) -> Writer: ...

    @abstractmethod
    def worded(self, status: int, reason: str | None, message: str | None) -> Body:
        """A refusal in the vendor's words. Raises KeyError when there are none for it."""

    @abstractmethod
    def extra(self, account: Account, record: Recorded) -> dict[str, str]:
        """Headers of every answer."""

    # ---- the way of a request

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """A chat request: judge, record, play."""
        record, account, refused = await self.admit(request, "chat")
        if account is None or refused:
            return refused or web.Response(status=500)
        try:
            told = self._told(account, record)
            if told.script == STATUS:
                return await self.fail(account, record, _fault(told.options))
            ask = self.ask(account, record.body, told)
            parts, writer = SCRIPTS[record.script](ask), self.writer(account, ask, record)
        except BadDirective as error:
            return self.reject(account, record, Rejection("SIM", 400, self.worded(400, None, f"Simulator: {error}"), str(error)))
        self.state.live[account.id] += 1
        try:
            if record.body.get("stream"):
                steps = chopped(parts, writer, record.script) if record.script in CHOPPED else streamed(parts, writer)
                return await self._play(request, account, record, steps)
            return await self._whole(request, account, record, await gather(parts, writer))
        except (ConnectionError, asyncio.CancelledError):
            # Either a write met a closed connection, or the server has noticed the close and cancels us.
            record.aborted = True
            self.state.aborted[account.id] += 1
            raise
        finally:
            self.state.live[account.id] -= 1

    async def admit(self, request: web.Request, route: str) -> tuple[Recorded, Account | None, web.Response | None]:
        """The record of a request with a body, who asks, and the refusal if it is one."""
        raw = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        account = self.account(headers)
        record = self._record(request, route, headers, raw, account)
        if isinstance(account, Rejection):
            record.rule, record.detail = account.rule, account.detail
            return record, None, self._refuse(record, account.status, account.body, {})
        self.state.calls[account.id, route] += 1
        # Judged even when a fault answers, so that an invalid body is never hidden by it.
        rejection = self.judge(account, record.body, headers, route)
        if rejection:
            refused = self.reject(account, record, rejection)
        fault = self.state.fault(route, account.id)
        if fault:
            return record, account, await self.fail(account, record, fault)
        return record, account, refused if rejection else None

    async def glance(self, request: web.Request, route: str) -> Account | web.Response:
        """The same for a request without a body, which is counted but not recorded."""
        account = self.account({name.lower(): value for name, value in request.headers.items()})
        if isinstance(account, Rejection):
            return reply(account.status, account.body)
        self.state.calls[account.id, route] += 1
        if fault := self.state.fault(route, account.id):
            await asyncio.sleep(fault.delay)
            return reply(fault.status, self.worded(fault.status, fault.reason, fault.message), fault.headers)
        return account

    def reject(self, account: Account, record: Recorded, rejection: Rejection) -> web.Response:
        record.rule, record.detail = rejection.rule, rejection.detail
        self.state.rejections.append((record, rejection))
        return self._refuse(record, rejection.status, rejection.body, self.extra(account, record))

    async def fail(self, account: Account, record: Recorded, fault: Fault) -> web.Response:
        await asyncio.sleep(fault.delay)
        body = self.worded(fault.status, fault.reason, fault.message)
        return self._refuse(record, fault.status, body, {**self.extra(account, record), **fault.headers})

    def _record(self, request: web.Request, route: str, headers: Mapping[str, str], raw: bytes, account: Account | Rejection) -> Recorded:
        self.state.serial += 1
        name = account.id if isinstance(account, Account) else ""
        shown = {key: (name or "unknown") if key in SECRET_HEADERS else value for key, value in headers.items()}
        record = Recorded(self.state.serial, name, route, request.path_qs, shown, raw, _json(raw))
        self.state.requests.append(record)
        return record

    def _told(self, account: Account, record: Recorded) -> Directives:
        """A queued script, else what the text says, else a plain answer. Raises BadDirective."""
        planned = self.state.script(account.id)
        words = self.text(record.body)
        told = _planned(planned, words) if planned else parse(words)
        if told.calls and record.body.get("tools"):
            told.options["calls"] = told.calls
            told.script = told.script or "tools"
        record.script = told.script = told.script or ("text" if told.options else self.default(record.body))
        if record.script not in SCRIPTS and record.script != STATUS:
            raise BadDirective(f"there is no script {record.script}")
        return told

    async def _play(self, request: web.Request, account: Account, record: Recorded, steps: Steps) -> web.StreamResponse:
        headers = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache", **self.extra(account, record)}
        response = web.StreamResponse(headers=headers)
        record.status = 200
        record.finished = await play(request, response, record, steps)
        return response

    async def _whole(self, request: web.Request, account: Account, record: Recorded, found: Gathered) -> web.StreamResponse:
        if found.report:
            status, reason = STATUSES[found.report.trouble]
            return self._refuse(record, status, self.worded(status, reason, found.report.message), self.extra(account, record))
        record.status = 200
        headers = {"Content-Type": "application/json", **self.extra(account, record)}
        if found.cut:
            response = web.StreamResponse(headers={**headers, "Content-Length": str(len(found.body))})
            record.finished = await play(request, response, record, halved(found))
            return response
        record.finished, record.bytes_sent = True, len(found.body)
        return web.Response(body=found.body, headers=headers)

    def _refuse(self, record: Recorded, status: int, body: Body, headers: Mapping[str, str]) -> web.Response:
        record.status, record.finished = status, True
        return reply(status, body, headers)


def reply(status: int, body: Body, headers: Mapping[str, str] | None = None) -> web.Response:
    """JSON, or a page when `body` is text."""
    if isinstance(body, str):
        return web.Response(status=status, text=body, content_type="text/html", headers=headers)
    return web.json_response(body, status=status, headers=headers)


def page(words: str) -> str:
    """What a load balancer shows."""
    return f"<html><head><title>{words}</title></head><body><h1>{words}</h1></body></html>"


def _planned(planned: Planned, words: str) -> Directives:
    return Directives(planned.name, dict(planned.options), rest=words)


def _fault(options: Mapping[str, Any]) -> Fault:
    """Raises BadDirective."""
    known = {name: options[name] for name in ("reason", "message", "headers", "delay") if name in options}
    return Fault("chat", None, int(options.get("status", 500)), **known)


def _json(raw: bytes) -> Any:
    """None for what is no JSON object."""
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
