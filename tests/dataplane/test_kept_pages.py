"""The endpoints of what is kept: answers by id, sessions by user, and who may ask."""

import json

import pytest

from dataplane.conversation.kept import KeptAnswer, Said
from dataplane.errors import Unauthenticated
from dataplane.kept_pages import KeptPages
from tests.dataplane.fakes import FakeControl, FakeConversations, FakeDialect
from tests.dataplane.test_server import KEY, call, serve


@pytest.fixture
def store():
    made = FakeConversations()
    made.answers["key-1", "resp_1"] = KeptAnswer("resp_1", "", b'{"id":"resp_1"}')
    made.answers["key-2", "resp_2"] = KeptAnswer("resp_2", "", b'{"id":"resp_2"}')
    for user in ("ann", "ben", "a/b c"):
        made.said["key-1", user] = [Said(False, "hi")]
    made.said["key-2", "carl"] = [Said(False, "hi")]
    return made


def served(store, control=None):
    control = control or FakeControl()
    app = serve(control)
    KeptPages(control, store, FakeDialect()).install(app)
    return app


async def test_an_answer_by_its_id(store):
    answer = await call(served(store), "GET", "/v1/responses/resp_1")
    assert (answer.status, answer.body) == (200, b'{"id":"resp_1"}')


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("path", ["/v1/responses/resp_2", "/v1/responses/", "/v1/responses/resp_1/input_items"])
async def test_what_is_not_kept_for_this_key_is_not_found(store, method, path):
    answer = await call(served(store), method, path)
    assert answer.body in (b"not_kept", b"route_not_found")
    assert len(store.answers) == 2


async def test_an_answer_is_forgotten(store):
    app = served(store)
    answer = await call(app, "DELETE", "/v1/responses/resp_1")
    assert json.loads(answer.body) == {"id": "resp_1", "object": "response", "deleted": True}
    assert (await call(app, "GET", "/v1/responses/resp_1")).body == b"not_kept"


async def test_sessions_a_page_at_a_time(store):
    app = served(store)
    first = json.loads((await call(app, "GET", "/v1/sessions", query=b"limit=2")).body)
    assert [each["user"] for each in first["sessions"]] == ["a/b c", "ann"]
    assert first["sessions"][0] == {
        "user": "a/b c",
        "turns": 1,
        "bytes": 10,
        "updatedAt": "2023-11-14T22:13:20Z",
        "expiresAt": "2023-11-14T23:13:20Z",
    }
    last = json.loads((await call(app, "GET", "/v1/sessions", query=b"limit=2&cursor=" + first["nextCursor"].encode())).body)
    assert ([each["user"] for each in last["sessions"]], last["nextCursor"]) == (["ben"], None)


@pytest.mark.parametrize("limit", [b"0", b"201", b"x", b"-1", b"9" * 5000, "²".encode()])
async def test_a_page_of_an_impossible_size(store, limit):
    assert (await call(served(store), "GET", "/v1/sessions", query=b"limit=" + limit)).status == 400


async def test_a_session_is_forgotten_by_its_escaped_name(store):
    app = served(store)
    answer = await call(app, "DELETE", "/v1/sessions/a%2Fb%20c")
    assert (answer.status, answer.body) == (204, b"")
    assert "content-length" not in answer.headers
    assert ("key-1", "a/b c") not in store.said
    assert (await call(app, "DELETE", "/v1/sessions/a%2Fb%20c")).body == b"not_kept"


async def test_another_keys_session_is_not_found(store):
    assert (await call(served(store), "DELETE", "/v1/sessions/carl")).body == b"not_kept"
    assert ("key-2", "carl") in store.said


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/responses/resp_1"), ("DELETE", "/v1/responses/resp_1"), ("GET", "/v1/sessions"), ("DELETE", "/v1/sessions/ann")],
)
async def test_nobody_without_a_key(store, method, path):
    app = served(store, FakeControl(identity=Unauthenticated("no")))
    assert (await call(app, method, path)).body == b"unauthenticated"
    assert (await call(app, method, path, headers=())).body == b"unauthenticated"
    assert (len(store.answers), len(store.said)) == (2, 4)


async def test_a_websocket_is_told_to_use_post(store):
    answer = await call(served(store), "GET", "/v1/responses", headers=(KEY, (b"upgrade", b"WebSocket"), (b"connection", b"Upgrade")))
    assert (answer.status, answer.headers["allow"]) == (426, "POST")
    assert json.loads(answer.body)["error"]["type"] == "invalid_request_error"


async def test_get_without_an_upgrade_is_no_method_here(store):
    answer = await call(served(store), "GET", "/v1/responses")
    assert (answer.body, answer.headers["allow"]) == (b"method_not_allowed", "POST")


async def test_conversations_are_answered_on_the_path_itself(store):
    answer = await call(served(store), "POST", "/v1/responses")
    assert answer.body == b"<Hel><lo>."


async def test_headers_of_the_protocol_reach_the_call(store):
    app = served(store)
    dialect = app._routes["/v1/responses"][1]
    seen = []
    encoder = dialect.encoder
    dialect.encoder = lambda call, stamp: seen.append(call) or encoder(call, stamp)
    await call(app, "POST", "/v1/responses", headers=(KEY, (b"x-fake-version", b"a"), (b"x-fake-version", b"b,c"), (b"x-other", b"d")))
    assert seen[0].headers == {"x-fake-version": "a,b,c"}


async def test_sessions_can_be_switched_off_by_a_header(store):
    app = served(store)
    app._line.upstreams["fake"].characters = 1000
    app._line.conversations.said["key-1", "ben"] = [Said(False, "before")]
    body = b'{"stream":true,"user":"ben"}'
    await call(app, "POST", "/v1/responses", headers=(KEY, (b"x-headgate-session", b"off")), body=body)
    assert app._line.conversations.taken == []
