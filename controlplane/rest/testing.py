"""The route that tries an account out, and what is heard of it."""

from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import StringConstraints

from controlplane.rest import errors
from controlplane.rest.audit import Audited
from controlplane.rest.auth import Asking
from controlplane.rest.schemas import Body, Text, View
from controlplane.rest.stream import TYPE, Event, Events, EventStream
from controlplane.rest.wired import Wired
from controlplane.service.testing import CROWDED, MOST, Done, Failed, Said, Started, Told, Trial, Trials

router = APIRouter(prefix="/api/accounts", tags=["accounts"])


class TrialBody(Body):
    """`model`: a name as clients write it; the cheapest that the account offers unless one is given."""

    model: Annotated[Text, StringConstraints(min_length=1)] | None = None


class TrialStarted(View):
    model: str
    request_id: str


class TrialText(View):
    text: str


class TrialDone(View):
    request_id: str
    status: int
    duration_ms: int
    first_event_ms: int | None
    text: str


class TrialFailed(View):
    request_id: str | None
    status: int | None
    code: str
    message: str


STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events: started, then text and reasoning as they come, and done or failed as the last one",
        "content": {TYPE: {"schema": {"type": "string"}}},
    },
    429: {"model": errors.ErrorBody, "description": f"{MOST} tests are running"},
}


@router.post("/{account_id}/test", name="test_account", response_class=Response, responses={**errors.ABSENT, **STREAMED})
async def try_account(services: Wired, audited: Audited, who: Asking, account_id: str, body: TrialBody | None = None) -> Response:
    """Ask a model something small by way of this account alone, however it stands, and stream what comes of it. The
    request is recorded like any other. Who leaves before the end cancels it.
    """
    trial = services.testing.trial(account_id, body.model or "" if body else "")
    if not services.testing.room:
        return errors.answer(429, CROWDED, f"{MOST} tests are running; wait for one to end", headers={"retry-after": "5"})
    await audited.note("account.test", account_id, trial.account.account.label)
    return EventStream(_events(services.testing, trial, who.id))


async def _events(testing: Trials, trial: Trial, holder: str) -> Events:
    async with aclosing(testing.run(trial, holder)) as told:
        async for one in told:
            yield _event(one)


def _event(told: Told) -> Event:
    match told:
        case Started():
            return "started", TrialStarted(model=told.model, request_id=told.request_id)
        case Said():
            return ("reasoning" if told.reasoning else "text"), TrialText(text=told.text)
        case Done():
            return "done", TrialDone(**asdict(told))
        case Failed():
            return "failed", TrialFailed(**asdict(told))
