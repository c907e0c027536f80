"""What compression replaced, by the request's id: the calling key's own only."""

import pytest

from dataplane.errors import Kind, NotFound, Unauthenticated, Unavailable
from dataplane.original_page import OriginalPage
from tests.dataplane.fakes import FakeControl
from tests.dataplane.test_server import call, serve

ORIGINAL = b'{"turns":[{"role":"user","parts":[{"text":"hi"}]}]}'
PATH = "/v1/requests/req_1/original"


class Originals:
    """A Summarizer that keeps by key and request; `away` is raised by everything."""

    def __init__(self):
        self.away = None
        self.kept = {("key-1", "req_1"): ORIGINAL, ("key-2", "req_2"): ORIGINAL}
        self.asked = []

    async def original(self, key_id, request_id):
        self.asked.append((key_id, request_id))
        if self.away:
            raise self.away
        if (key_id, request_id) not in self.kept:
            raise NotFound("nothing is kept", kind=Kind.NOT_KEPT)
        return self.kept[key_id, request_id]


@pytest.fixture
def originals():
    return Originals()


def served(originals, control=None):
    control = control or FakeControl()
    app = serve(control)
    OriginalPage(control, originals).install(app)
    return app


async def test_the_keys_own(originals):
    answer = await call(served(originals), "GET", PATH)
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, ORIGINAL, "application/json")


@pytest.mark.parametrize("request_id", ["req_2", "req_3", "%2e"])
async def test_what_is_not_kept_for_this_key_is_not_found(originals, request_id):
    answer = await call(served(originals), "GET", f"/v1/requests/{request_id}/original")
    assert answer.body == b"not_kept"
    assert originals.asked == [("key-1", request_id)]


@pytest.mark.parametrize("path", ["/v1/requests/", "/v1/requests/req_1", "/v1/requests/req_1/original/x", "/v1/requests//original"])
async def test_nothing_else_is_offered_there(originals, path):
    assert (await call(served(originals), "GET", path)).body == b"route_not_found"
    assert originals.asked == []


async def test_while_the_summarizer_is_away(originals):
    originals.away = Unavailable("later", kind=Kind.STORE_AWAY, retry_after=2)
    answer = await call(served(originals), "GET", PATH)
    assert (answer.body, answer.headers["retry-after"]) == (b"store_away", "2")


async def test_nobody_without_a_key(originals):
    app = served(originals, FakeControl(identity=Unauthenticated("no")))
    assert (await call(app, "GET", PATH)).body == b"unauthenticated"
    assert (await call(app, "GET", PATH, headers=())).body == b"unauthenticated"
    assert originals.asked == []


async def test_it_can_only_be_read(originals):
    answer = await call(served(originals), "DELETE", PATH)
    assert (answer.body, answer.headers["allow"]) == (b"method_not_allowed", "GET")
