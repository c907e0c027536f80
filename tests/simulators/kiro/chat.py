"""`POST /generateAssistantResponse`: judge the request, record it, play the script."""

import asyncio
from typing import Any, Literal

from aiohttp import web

from tests.simulators.kiro.answers import Ask
from tests.simulators.kiro.form import estimate
from tests.simulators.kiro.replies import DENIED_BEARER, bearer, fail, reply
from tests.simulators.kiro.request import NotJson, Request, Turn, array, mapping, text
from tests.simulators.kiro.scripts import SCRIPTS
from tests.simulators.kiro.state import Account, Recorded, State
from tests.simulators.kiro.terms import Rejection
from tests.simulators.kiro.validator import check, judge
from tests.simulators.serving.directives import BadDirective, Directives, parse
from tests.simulators.serving.steps import Steps, play

DEMO_PAUSE = 0.05  # seconds between pieces, about as fast as a model speaks


class Chat:
    def __init__(self, state: State) -> None:
        self.state = state

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/generateAssistantResponse", self.answer)]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        account = bearer(request, self.state)
        record = self._record(request, account, raw)
        asked = _parsed(raw)
        record.body = asked and asked.raw
        if account is None:
            return _refuse(record, reply(403, DENIED_BEARER))
        self.state.calls[account.id, "chat"] += 1
        # Judged even when a fault answers, so that an invalid body is never hidden by it.
        rejection = self._judge(request, asked, account, record)
        fault = self.state.fault("chat", account.id, record.endpoint)
        if fault:
            return _refuse(record, await fail(fault))
        if rejection:
            return _refuse(record, reply(rejection.status, rejection.body))
        try:
            steps = self._choose(asked or Request({}), account, record)
        except BadDirective as error:
            self._reject(record, Rejection("SIM", 400, {"message": f"Simulator: {error}", "reason": None}, str(error)))
            return _refuse(record, reply(400, {"message": f"Simulator: {error}", "reason": None}))
        return await self._stream(request, record, steps)

    def _record(self, request: web.Request, account: Account | None, raw: bytes) -> Recorded:
        self.state.serial += 1
        headers = {name.lower(): value for name, value in request.headers.items()}
        if "authorization" in headers:
            headers["authorization"] = f"Bearer {account.id if account else 'unknown'}"
        record = Recorded(self.state.serial, account.id if account else "", headers, raw, request.match_info.get("endpoint", ""))
        self.state.requests.append(record)
        return record

    def _judge(self, request: web.Request, asked: Request | None, account: Account, record: Recorded) -> Rejection | None:
        if request.content_type != "application/json":
            body = {"message": "Improperly formed request.", "reason": None}
            rejection: Rejection | None = Rejection("content-type", 400, body, request.content_type)
        else:
            terms = self.state.terms(account)
            rejection = judge(asked, terms) if asked else check(record.raw, terms)
        if rejection:
            self._reject(record, rejection)
        return rejection

    def _reject(self, record: Recorded, rejection: Rejection) -> None:
        record.rule, record.detail = rejection.rule, rejection.detail
        self.state.rejections.append(rejection)

    def _choose(self, asked: Request, account: Account, record: Recorded) -> Steps:
        """A queued script, else what the text says, else a plain answer. Raises BadDirective."""
        planned = self.state.script(account.id)
        words = asked.current.content
        told = Directives(planned.name, dict(planned.options), rest=words) if planned else parse(words)
        if told.calls and asked.tool_names:
            told.options["calls"] = told.calls
            told.script = told.script or "tools"
        record.script = told.script or "text"
        if record.script not in SCRIPTS:
            raise BadDirective(f"there is no script {record.script}")
        return SCRIPTS[record.script](self._ask(account, asked, told.rest, told.options))

    def _ask(self, account: Account, request: Request, words: str, options: dict[str, Any]) -> Ask:
        settings, serial = self.state.settings, self.state.serial
        max_tokens = mapping(request.top, "additionalModelRequestFields").get("max_tokens")
        return Ask(
            text=words,
            results=_results(request.current),
            tools=request.tool_names,
            model=account.models[request.model],
            input_tokens=estimate(request.raw),
            conversation_id=text(request.state, "conversationId"),
            signer=self.state.terms(account).signer(request.model),
            random=lambda name, length: self.state.random(serial, name, length),
            thinking=_thinking(request),
            max_tokens=max_tokens,
            pause=DEMO_PAUSE if settings.demo else 0.0,
            metadata=settings.metadata,
            options=options,
        )

    async def _stream(self, request: web.Request, record: Recorded, steps: Steps) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={
                "Content-Type": "application/vnd.amazon.eventstream",
                "x-amzn-requestid": self.state.random("request", record.number, 36),
                "x-amzn-codewhisperer-conversation-id": text(Request(record.body).state, "conversationId"),
            }
        )
        record.status = 200
        self.state.live += 1
        try:
            record.finished = await play(request, response, record, steps)
        except (ConnectionError, asyncio.CancelledError):
            # Either a write met a closed connection, or the server has noticed the close and cancels us.
            record.aborted = True
            self.state.aborted += 1
            raise
        finally:
            self.state.live -= 1
        return response


def _refuse(record: Recorded, response: web.Response) -> web.Response:
    record.status = response.status
    record.finished = True
    return response


def _parsed(raw: bytes) -> Request | None:
    try:
        return Request.parse(raw)
    except NotJson:
        return None


def _results(turn: Turn) -> list[str]:
    return ["".join(text(part, "text") or str(part.get("json", "")) for part in array(result, "content")) for result in turn.results]


def _thinking(request: Request) -> Literal["", "summarized", "omitted"]:
    """Whether the request switched reasoning on, and whether it is shown."""
    fields = mapping(request.top, "additionalModelRequestFields")
    if mapping(fields, "reasoning").get("effort", "none") != "none":
        return "summarized"
    thinking = mapping(fields, "thinking")
    if thinking.get("type", "disabled") == "disabled":
        return ""
    return "omitted" if thinking.get("display") == "omitted" else "summarized"
