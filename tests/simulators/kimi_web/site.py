"""The page and the address that messages go to: judge, record, play the script."""

import asyncio

from aiohttp import web

from tests.simulators.kimi_web import rules
from tests.simulators.kimi_web.pages import AJAX_PATH, MOVED_PATH, page
from tests.simulators.kimi_web.scripts import SCRIPTS
from tests.simulators.kimi_web.state import Fault, Planned, Recorded, State
from tests.simulators.serving.directives import BadDirective, parse
from tests.simulators.serving.steps import Steps, play


class Site:
    def __init__(self, state: State) -> None:
        self.state = state

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/chat/", self.page), *(web.post(path, self.answer) for path in (AJAX_PATH, MOVED_PATH))]

    async def page(self, request: web.Request) -> web.Response:
        self.state.visits += 1
        if fault := self.state.fault("page"):
            return await _fail(fault)
        if rejection := rules.browser(_headers(request)):
            self.state.rejections.append(rejection.rule)
            return _html(rejection.status, rejection.body)
        return _html(200, page(self.state.settings.page, self.state.shown(), f"http://{request.host}"))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        state = self.state
        state.posts += 1
        fields = rules.form(await request.read())
        record = Recorded(state.posts, _headers(request), _masked(fields, state))
        state.requests.append(record)
        # Judged even when a fault answers, so that an invalid post is never hidden by it.
        rejection = rules.place(request.path, state) or rules.judge(record.headers, fields, state)
        if rejection:
            record.rule = rejection.rule
            state.rejections.append(rejection.rule)
        if fault := state.fault("chat"):
            return _refused(record, await _fail(fault))
        if rejection:
            return _refused(record, _html(rejection.status, rejection.body))
        try:
            steps = self._choose(record)
        except BadDirective as error:
            state.rejections.append("SIM")
            return _refused(record, _html(400, f"Simulator: {error}"))
        return await self._stream(request, record, steps)

    def _choose(self, record: Recorded) -> Steps:
        """A queued script, else what the last turn says, else an echo. Raises BadDirective."""
        message = record.fields["message"]
        told = parse(message.rpartition("User: ")[2])
        planned = self.state.planned.pop(0) if self.state.planned else Planned(told.script or "text", told.options)
        record.script = planned.name
        if planned.name not in SCRIPTS:
            raise BadDirective(f"there is no script {planned.name}")
        words = planned.options.get("text") or (message if self.state.settings.echo else f"You said: {told.rest[-200:]}")
        return SCRIPTS[planned.name](words, planned.options)

    async def _stream(self, request: web.Request, record: Recorded, steps: Steps) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json; charset=UTF-8", "X-Robots-Tag": "noindex"})
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


async def _fail(fault: Fault) -> web.Response:
    await asyncio.sleep(fault.delay)
    return _html(fault.status, fault.body, dict(fault.headers))


def _html(status: int, body: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=body, content_type="text/html", headers=headers)


def _refused(record: Recorded, response: web.Response) -> web.Response:
    record.status, record.finished = response.status, True
    return response


def _headers(request: web.Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _masked(fields: list[tuple[str, str]] | None, state: State) -> dict[str, str]:
    """Nonces are nobody's business, only whether they are good."""
    return {name: state.known(value) if name == "nonce" else value for name, value in fields or ()}
