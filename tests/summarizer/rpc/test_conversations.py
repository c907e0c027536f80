"""ConversationService on a real gRPC server, over a SQLite file."""

import asyncio

import grpc
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy.exc import OperationalError

from headgate import rpc
from headgate.api.conversation.v1 import conversation_service_pb2 as pb
from headgate.api.conversation.v1.conversation_service_pb2_grpc import ConversationServiceStub, add_ConversationServiceServicer_to_server
from summarizer import app
from summarizer.figures import Figures
from summarizer.kept import Bounds
from summarizer.rpc.conversations import Conversations
from summarizer.store.answers import Answers
from summarizer.store.sessions import Sessions
from summarizer.turns import Turns

Code = grpc.StatusCode
SECRET = "what nobody else may read"


class Broken:
    """A store in whose place every call raises `error`."""

    def __init__(self, error):
        self.error = error

    def __getattr__(self, name):
        async def fail(*_):
            raise self.error

        return fail


@pytest.fixture
async def service(tmp_path):
    """The servicer, over a store of its own; time is `service.time`."""
    async with app.opened(f"sqlite+aiosqlite:///{tmp_path}/c.db") as engine:
        time = [1_000_000]
        answers = Answers(engine, Bounds(answer_bytes=5000), 1000)
        sessions = Sessions(engine, Bounds(sessions=2), 1000)
        turns, registry = Turns(sessions, lambda: time[0]), CollectorRegistry()
        yield Conversations(answers, sessions, turns, Figures(registry), lambda: time[0]), registry, time


@pytest.fixture
async def stub(service, free_port):
    server = rpc.server(f"127.0.0.1:{free_port}", None)
    add_ConversationServiceServicer_to_server(service[0], server)
    await server.start()
    async with rpc.channel(f"127.0.0.1:{free_port}") as channel:
        yield ConversationServiceStub(channel)
    await server.stop(None)


async def refused(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


def keep(answer_id, previous_id="", *items, key="k"):
    added = [pb.Item(id=f"{answer_id}-{at}", json=json) for at, json in enumerate(items)]
    return pb.KeepRequest(key_id=key, answer_id=answer_id, previous_id=previous_id, body=b"{}", input=added[:1], output=added[1:])


async def test_answers(stub):
    await stub.Keep(keep("a", "", b"1", b"2"))
    await stub.Keep(keep("b", "a", b"3"))
    found = await stub.Recall(pb.RecallRequest(key_id="k", answer_id="b", item_ids=["a-1"]))
    assert [(item.id, item.json) for item in found.history] == [("a-0", b"1"), ("a-1", b"2"), ("b-0", b"3")]
    assert not found.items  # it stands in the history
    assert (await stub.FindAnswer(pb.FindAnswerRequest(key_id="k", answer_id="a"))).body == b"{}"
    await stub.ForgetAnswer(pb.ForgetAnswerRequest(key_id="k", answer_id="a"))
    error = await refused(stub.FindAnswer(pb.FindAnswerRequest(key_id="k", answer_id="a")))
    assert (error.code(), error.details()) == (Code.NOT_FOUND, "no such answer is kept")


async def test_the_item_that_is_missing_is_named(stub):
    await stub.Keep(keep("a", "", b"1"))
    ask = pb.RecallRequest(key_id="k", answer_id="a", item_ids=["a-0", "☃"])
    error = await refused(stub.Recall(ask))
    assert error.code() is Code.NOT_FOUND
    assert dict(error.trailing_metadata())[rpc.ABSENT_ITEM] == "☃".encode()
    error = await refused(stub.Recall(pb.RecallRequest(key_id="k", answer_id="z", item_ids=["a-0"])))
    assert error.code() is Code.NOT_FOUND
    assert rpc.ABSENT_ITEM not in dict(error.trailing_metadata())


def begin(turn_id, user="u", **times):
    return pb.BeginTurnRequest(key_id="k", user=user, turn_id=turn_id, **({"life_ms": 500} | times))


def end(turn_id, said=(), user="u"):
    return pb.EndTurnRequest(key_id="k", user=user, turn_id=turn_id, said=said)


SAID = [pb.Said(speaker=pb.SPEAKER_USER, text="hi"), pb.Said(speaker=pb.SPEAKER_ASSISTANT, text="ho")]


async def test_sessions(stub):
    await stub.BeginTurn(begin("a", wait_ms=10))
    assert (await refused(stub.BeginTurn(begin("b")))).code() is Code.RESOURCE_EXHAUSTED
    await stub.EndTurn(end("a", SAID))
    assert list((await stub.BeginTurn(begin("b"))).said) == SAID
    page = await stub.ListSessions(pb.ListSessionsRequest(key_id="k", limit=10))
    (session,) = page.sessions
    assert (session.user, session.turns, session.updated_at_ms, session.expires_at_ms) == ("u", 2, 1_000_000, 1_001_000)
    assert not page.more
    await stub.ForgetSession(pb.ForgetSessionRequest(key_id="k", user="u"))
    assert (await refused(stub.ForgetSession(pb.ForgetSessionRequest(key_id="k", user="u")))).code() is Code.NOT_FOUND
    assert (await refused(stub.EndTurn(end("b", SAID)))).code() is Code.NOT_FOUND


async def test_who_got_no_answer_asks_again(stub):
    for _ in range(2):
        assert not (await stub.BeginTurn(begin("a"))).said
    for _ in range(2):
        await stub.EndTurn(end("a", SAID))
    assert list((await stub.BeginTurn(begin("b"))).said) == SAID


async def test_a_caller_that_hangs_up_gives_up_its_place(stub, service):
    await stub.BeginTurn(begin("a", life_ms=60_000))
    lines = service[0].turns._lines
    waiting = stub.BeginTurn(begin("b", wait_ms=60_000))
    async with asyncio.timeout(10):
        while not lines:  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.001)
        waiting.cancel()
        while lines:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    await stub.EndTurn(end("a"))
    await stub.BeginTurn(begin("c"))


LONG = "x" * 513


@pytest.mark.parametrize(
    ("method", "request_", "told"),
    [
        ("Recall", pb.RecallRequest(answer_id="a"), "key_id"),
        ("FindAnswer", pb.FindAnswerRequest(answer_id="a"), "key_id"),
        ("ForgetAnswer", pb.ForgetAnswerRequest(answer_id="a"), "key_id"),
        ("Keep", keep("a", key=""), "key_id"),
        ("Keep", keep(""), "answer_id"),
        ("Keep", keep(LONG), "answer_id"),
        ("Keep", pb.KeepRequest(key_id="k", answer_id="a", output=[pb.Item(id=LONG)]), "item.id"),
        ("BeginTurn", pb.BeginTurnRequest(user="u", turn_id="t", life_ms=1), "key_id"),
        ("BeginTurn", begin("t", user=""), "user"),
        ("BeginTurn", begin("t", user=LONG), "user"),
        ("BeginTurn", begin(""), "turn_id"),
        ("BeginTurn", begin(LONG), "turn_id"),
        ("BeginTurn", begin("t", life_ms=0), "life_ms"),
        ("BeginTurn", begin("t", life_ms=2**32 - 1), "life_ms"),
        ("BeginTurn", begin("t", wait_ms=2**32 - 1), "wait_ms"),
        ("EndTurn", pb.EndTurnRequest(user="u"), "key_id"),
        ("EndTurn", pb.EndTurnRequest(key_id="k", user="u", said=[pb.Said(text="x")]), "speaker"),
        ("ListSessions", pb.ListSessionsRequest(limit=1), "key_id"),
        ("ListSessions", pb.ListSessionsRequest(key_id="k"), "limit"),
        ("ForgetSession", pb.ForgetSessionRequest(user="u"), "key_id"),
    ],
)
async def test_a_call_that_is_wrong_names_the_field(stub, method, request_, told):
    error = await refused(getattr(stub, method)(request_))
    assert error.code() is Code.INVALID_ARGUMENT
    assert told in error.details()


async def test_what_does_not_fit_is_told(stub):
    assert (await refused(stub.Keep(keep("a", "", b"x" * 6000)))).code() is Code.RESOURCE_EXHAUSTED
    ask = pb.RecallRequest(key_id="k", item_ids=["x"] * 1001)
    assert (await refused(stub.Recall(ask))).code() is Code.RESOURCE_EXHAUSTED


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OperationalError(SECRET, {}, Exception(SECRET)), Code.UNAVAILABLE),
        (ConnectionRefusedError(SECRET), Code.UNAVAILABLE),
        (ValueError(SECRET), Code.INTERNAL),
    ],
)
async def test_a_database_in_trouble_is_told_and_no_text_is_logged(stub, service, caplog, error, code):
    service[0].answers = Broken(error)
    told = await refused(stub.Keep(keep("a", "", SECRET.encode())))
    assert told.code() is code
    assert SECRET not in told.details()
    assert SECRET not in caplog.text
    assert type(error).__name__ in caplog.text


async def test_everything_is_counted(stub, service):
    for user in "abc":
        await stub.BeginTurn(begin("t", user))
        await stub.EndTurn(end("t", SAID, user))
        service[2][0] += 1
    await refused(stub.FindAnswer(pb.FindAnswerRequest(key_id="k", answer_id="a")))
    metrics = generate_latest(service[1]).decode()
    assert 'headgate_kept_calls_total{method="EndTurn",result="ok"} 3.0' in metrics
    assert 'headgate_kept_calls_total{method="FindAnswer",result="not_found"} 1.0' in metrics
    assert 'headgate_kept_seconds_count{method="BeginTurn"} 3.0' in metrics
    assert 'headgate_kept_evicted_total{what="sessions"} 1.0' in metrics
