"""What a key can ask about the compression of its requests: what was replaced, by the request's id."""

from dataplane.errors import Kind, NotFound
from dataplane.ports import Control, Summarizer
from dataplane.server import Server, Visit

REQUESTS = "/v1/requests"
ORIGINAL = "original"


class OriginalPage:
    """The endpoint."""

    def __init__(self, control: Control, summarizer: Summarizer) -> None:
        self._control = control
        self._summarizer = summarizer

    def install(self, server: Server) -> None:
        """Register it."""
        server.route(f"{REQUESTS}/*", {"GET": self.original})

    async def original(self, visit: Visit) -> None:
        """What a summary stood for in one of the calling key's requests, as JSON."""
        identity = await self._control.identify(visit.caller())
        await visit.client.reply(await self._summarizer.original(identity.key_id, _request(visit)))


def _request(visit: Visit) -> str:
    """The id in the path. Raises NotFound for any other path: nothing else is offered there."""
    request_id, _, rest = visit.path[len(REQUESTS) + 1 :].partition("/")
    if not request_id or rest != ORIGINAL:
        raise NotFound(f"{visit.path} is not offered by this gateway", kind=Kind.ROUTE_NOT_FOUND)
    return request_id
