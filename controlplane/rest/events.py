"""The route that tells what happens, as it happens."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from controlplane.domain.errors import Invalid
from controlplane.domain.event import Event, Topic
from controlplane.domain.user import Who
from controlplane.rest import errors
from controlplane.rest.account_schemas import shown
from controlplane.rest.auth import Asking
from controlplane.rest.keys import told
from controlplane.rest.requests import brief
from controlplane.rest.schemas import Body, Text
from controlplane.rest.settings_schemas import SettingsRead
from controlplane.rest.stream import TYPE, Events, EventStream, written
from controlplane.rest.wired import Wired
from controlplane.service.feed import MOST, TOPICS, Listener
from controlplane.service.services import Services

router = APIRouter(prefix="/api/events", tags=["installation"])

STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events: request (as in the list of requests), account, key (as they are read; id and deleted for one that is no "
        "more), settings, and reset when some were lost: then what is known is to be fetched anew",
        "content": {TYPE: {"schema": {"type": "string"}}},
    },
}


class EventFilter(Body):
    """`types`: what to tell, with commas between; all of it unless it is said."""

    types: Text | None = None

    def topics(self) -> Collection[Topic]:
        """Raises Invalid."""
        names = {name.strip() for name in self.types.split(",")} if self.types else TOPICS
        if not names <= TOPICS:
            raise Invalid(f"types names something else than {', '.join(sorted(TOPICS))}", "types")
        return {Topic(name) for name in names}


@router.get("", response_class=Response, responses=STREAMED)
async def listen_events(services: Wired, who: Asking, query: Annotated[EventFilter, Query()]) -> Response:
    """What happens from now on, as server-sent events, for a quarter of an hour: then the client connects again. Of several
    control planes each tells what happens in itself.
    """
    listener = services.feed.listen(query.topics(), _whose(who))
    if listener is None:
        headers = {"retry-after": str(errors.AWAY_SECONDS)}
        return errors.answer(503, "unavailable", f"{MOST} listen already; try again in a moment", headers=headers)
    return EventStream(_heard(services, listener, who), ended=listener.close)


async def _heard(services: Services, listener: Listener, who: Who) -> Events:
    """Events in the shape in which routes show their objects, as long as the listener may hear them."""
    while (event := await listener.next()) is not None and services.administration.lasts(who):
        yield _text(services, event)
        await asyncio.sleep(0)  # many may wait, and others want to be answered between them


def _text(services: Services, event: Event) -> bytes:
    """The event as it goes out: the same for all who hear it, and written once."""
    if not event.text:
        event.text = written(event.topic.value, SHAPES[event.topic](services, event))
    return event.text


def _whose(who: Who) -> Sequence[str]:
    """Whose places a listener takes: those of a session or token, and of a user."""
    if who.session is not None:
        return who.session.id, who.id
    return (who.id,) if who.token is not None else (f"password of {who.id}", who.id)


def _account(_services: Services, event: Event) -> Any:
    return shown(event.what) if event.what is not None else _deleted(event)


def _key(services: Services, event: Event) -> Any:
    return told(services, event.what.key, event.what.spent) if event.what is not None else _deleted(event)


def _deleted(event: Event) -> dict[str, Any]:
    return {"id": event.id, "deleted": True}


SHAPES: Mapping[Topic, Callable[[Services, Event], Any]] = {
    Topic.REQUEST: lambda services, event: brief(event.what, services.names),
    Topic.ACCOUNT: _account,
    Topic.KEY: _key,
    Topic.SETTINGS: lambda services, _event: SettingsRead.of(services.settings.read(), services.version),
    Topic.RESET: lambda _services, _event: {},
}
