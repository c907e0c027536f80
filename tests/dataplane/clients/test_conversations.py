"""The Conversations port against the real service, over a SQLite file; and while that is away."""

import asyncio
import contextlib
import itertools

import grpc
import pytest
from prometheus_client import CollectorRegistry

from dataplane.clients import conversations as module
from dataplane.clients import doubt
from dataplane.clients.conversations import Conversations
from dataplane.conversation.kept import Item, KeptAnswer, Recall, Said, SessionTurn
from dataplane.errors import InvalidRequest, Kind, Limited, NotFound, TooLarge, Unavailable
from headgate import rpc
from headgate.api.conversation.v1.conversation_service_pb2_grpc import add_ConversationServiceServicer_to_server
from headgate.settings import load
from summarizer import app
from summarizer.figures import Figures
from summarizer.jobs import Remembered
from summarizer.settings import Settings

TOKEN = "shared"
numbers = itertools.count()
TALK = [Said(by_assistant=False, text="hi"), Said(by_assistant=True, text="ho ☃")]


@contextlib.asynccontextmanager
async def served(directory, port):
    """The real service, on its file."""
    settings = load(Settings, {"HEADGATE_DATA_DIR": str(directory)})
    async with (
        app.opened(settings.database_url) as engine,
        app.keeping(settings, engine, Figures(CollectorRegistry()), Remembered()) as conversations,
    ):
        server = rpc.server(f"127.0.0.1:{port}", TOKEN)
        add_ConversationServiceServicer_to_server(conversations, server)
        await server.start()
        try:
            yield conversations
        finally:
            await server.stop(None)


@contextlib.asynccontextmanager
async def connected(port, token=TOKEN):
    client = Conversations(f"127.0.0.1:{port}", token)
    client.start()
    yield client
    await client.close()


@pytest.fixture
async def service(tmp_path, free_port):
    async with served(tmp_path, free_port) as conversations:
        yield conversations


@pytest.fixture
async def store(service, free_port):
    async with connected(free_port) as client:
        yield client


def answer(name, previous="", body=b"{}"):
    return KeptAnswer(name, previous, body, [Item("", b"1"), Item(f"{name}-in", b"2")], [Item(f"{name}-out", b"3")])


def turns(user, count):
    """Turns of a user's session, each with a name of its own."""
    return [SessionTurn(user, f"t{next(numbers)}") for _ in range(count)]


async def arrived(store):
    """A store that has just come is asked until it answers."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(Unavailable):
                await store.sessions("k", "", 1)
                return
            await asyncio.sleep(0.05)


async def until(true):
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.005)


async def test_answers_are_kept_found_followed_and_forgotten(store):
    await store.keep("k", answer("a", body=b"\x00whole"))
    await store.keep("k", answer("b", "a"))
    assert await store.answer("k", "a") == b"\x00whole"
    await store.keep("k", answer("c"))
    found = await store.recall("k", Recall("b", {"c-in": "input[0].id", "b-out": "input[1].id"}))
    assert found.history == [*answer("a").input, *answer("a").output, *answer("b").input, *answer("b").output]
    assert found.items == [Item("c-in", b"2")]
    await store.forget("k", "a")
    for ask in (store.answer("k", "a"), store.forget("k", "a"), store.answer("other", "b")):
        with pytest.raises(NotFound) as caught:
            await ask
        assert (caught.value.kind, caught.value.code) == (Kind.NOT_KEPT, "previous_response_not_found")
    # What stands in the history is known by it, whoever has forgotten it by itself.
    assert (await store.recall("k", Recall("b", {"a-in": "input[0].id"}))).items == []


async def test_what_cannot_be_recalled_is_named(store):
    await store.keep("k", answer("a"))
    with pytest.raises(NotFound) as caught:
        await store.recall("k", Recall("z", {"a-in": "input[0].id"}))
    told = caught.value
    assert (told.kind, told.code, told.param) == (Kind.NOT_KEPT, "previous_response_not_found", "previous_response_id")
    with pytest.raises(NotFound, match="msg_☃") as caught:
        await store.recall("k", Recall("a", {"a-in": "input[0].id", "msg_☃": "input[7].id"}))
    told = caught.value
    assert (told.kind, told.code, told.param) == (Kind.NOT_KEPT, "previous_response_not_found", "input[7].id")
    with pytest.raises(TooLarge):
        await store.recall("k", Recall("", {f"{at}": "" for at in range(2000)}))


async def test_what_cannot_be_kept_is_told(store):
    with pytest.raises(NotFound):
        await store.keep("k", answer("b", "forgotten meanwhile"))
    with pytest.raises(TooLarge):
        await store.keep("k", answer("large", body=bytes(33 * 1024 * 1024)))
    with pytest.raises(TooLarge):  # gRPC's own limit
        await store.keep("k", answer("larger", body=bytes(65 * 1024 * 1024)))
    with pytest.raises(InvalidRequest, match="answer_id"):
        await store.keep("k", answer("x" * 1000))
    assert store.reachable


async def test_sessions(store):
    first, second, third = turns("u", 3)
    assert await store.begin("k", first, 60, 0) == []
    await store.end("k", first, TALK)
    assert await store.begin("k", second, 60, 0) == TALK
    await store.end("k", second, ())
    assert await store.begin("k", third, 60, 0) == TALK
    await store.end("k", second, ())  # over, and nothing is to be added
    with pytest.raises(NotFound) as caught:
        await store.end("k", second, TALK)
    assert caught.value.kind is Kind.NOT_KEPT
    await store.end("k", third, ())
    for user in ("a", "b"):
        (turn,) = turns(user, 1)
        await store.begin("k", turn, 60, 0)
        await store.end("k", turn, TALK)
    found, more = await store.sessions("k", "", 2)
    assert ([one.user for one in found], more) == (["a", "b"], True)
    found, more = await store.sessions("k", "b", 2)
    assert ([(one.user, one.turns) for one in found], more) == ([("u", 2)], False)
    assert found[0].expires_at_ms - found[0].updated_at_ms == 3_600_000
    await store.forget_session("k", "u")
    with pytest.raises(NotFound) as caught:
        await store.forget_session("k", "u")
    assert (caught.value.kind, caught.value.code) == (Kind.NOT_KEPT, "")


async def test_a_turn_waits_for_the_one_before(store, service):
    first, second = turns("u", 2)
    await store.begin("k", first, 60, 0)
    waiting = asyncio.ensure_future(store.begin("k", second, 60, 30))
    await until(lambda: service.turns._lines)
    await store.end("k", first, TALK)
    assert await asyncio.wait_for(waiting, 10) == TALK


async def test_a_turn_that_does_not_come_is_refused_as_a_limit(store):
    first, second, other = *turns("u", 2), *turns("u" * 1000, 1)
    await store.begin("k", first, 60, 0)
    for wait in (0, 0.01):
        with pytest.raises(Limited) as caught:
            await store.begin("k", second, 60, wait)
        assert (caught.value.kind, caught.value.retry_after) == (Kind.RATE_LIMITED, 1)
    with pytest.raises(InvalidRequest) as caught:
        await store.begin("k", other, 60, 0)
    assert caught.value.param == "user"
    assert store.reachable
    assert not store._ends


async def test_who_leaves_the_line_gives_up_its_place(store, service):
    first, second, third = turns("u", 3)
    await store.begin("k", first, 60, 0)
    leaving = asyncio.ensure_future(store.begin("k", second, 60, 30))
    await until(lambda: service.turns._lines)
    leaving.cancel()
    await asyncio.wait((leaving,))
    await until(lambda: not service.turns._lines)
    await store.end("k", first, ())
    await store.begin("k", third, 60, 0)


async def held(service, user):
    return await service.sessions.holder("k", user, service.now())


class Gate:
    """Stands before or behind a method of the service: what passes is held up until it is open."""

    def __init__(self, monkeypatch, service, name, *, behind):
        self.reached, self.open = asyncio.Event(), asyncio.Event()
        whole = getattr(service, name)

        async def method(*ask):
            answer = await whole(*ask) if behind else None
            self.reached.set()
            await self.open.wait()
            return answer if behind else await whole(*ask)

        monkeypatch.setattr(service, name, method)


async def test_who_leaves_while_the_session_is_given_to_it_leaves_nothing_taken(store, service, monkeypatch):
    """The store has granted the turn, and the answer is on its way."""
    gate = Gate(monkeypatch, service.turns, "begin", behind=True)
    (turn,) = turns("u", 1)
    leaving = asyncio.ensure_future(store.begin("k", turn, 60, 0))
    await gate.reached.wait()
    assert await held(service, "u")
    gate.open.set()
    leaving.cancel()
    await asyncio.wait((leaving,))
    assert leaving.cancelled()
    await until(lambda: not store._ends)
    assert not await held(service, "u")


async def test_who_leaves_at_any_moment_leaves_nothing_taken(store, service):
    """So many passes of the loop after the call went out."""
    for passes in range(0, 120, 4):
        (turn,) = turns(f"u{passes}", 1)
        leaving = asyncio.ensure_future(store.begin("k", turn, 60, 0))
        for _ in range(passes):
            await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait((leaving,))
        if not leaving.cancelled():
            await store.end("k", turn, ())
    await until(lambda: not store._ends)
    await service.turns.close()
    for passes in range(0, 120, 4):
        assert not await held(service, f"u{passes}")


async def test_a_turn_ends_also_when_who_ends_it_leaves(store, service, monkeypatch):
    gate = Gate(monkeypatch, service.turns, "end", behind=False)
    (turn,) = turns("u", 1)
    await store.begin("k", turn, 60, 0)
    leaving = asyncio.ensure_future(store.end("k", turn, TALK))
    await gate.reached.wait()
    leaving.cancel()
    await asyncio.wait((leaving,))
    assert leaving.cancelled()
    gate.open.set()
    await until(lambda: not store._ends)
    assert await store.begin("k", *turns("u", 1), 60, 0) == TALK


def lose(monkeypatch, service, name):
    """What the method answers first gets lost, after it has been done."""
    whole, lost = getattr(service.turns, name), [ConnectionResetError]

    async def method(*ask):
        answer = await whole(*ask)
        if lost:
            raise lost.pop()
        return answer

    monkeypatch.setattr(doubt, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(service.turns, name, method)


async def test_a_session_that_was_given_to_nobody_is_given_back(store, service, monkeypatch):
    lose(monkeypatch, service, "begin")
    with pytest.raises(Unavailable):
        await store.begin("k", *turns("u", 1), 60, 0)
    assert await held(service, "u")
    await until(lambda: not store._ends)
    assert not await held(service, "u")


async def test_an_end_of_which_nothing_is_heard_is_told_again(store, service, monkeypatch):
    lose(monkeypatch, service, "end")
    first, second = turns("u", 2)
    await store.begin("k", first, 60, 0)
    await store.end("k", first, TALK)
    assert await store.begin("k", second, 60, 0) == TALK


async def test_a_turn_ends_when_the_store_is_back(tmp_path, free_port, monkeypatch):
    monkeypatch.setattr(module, "END_SECONDS", 0.1)
    first, second = turns("u", 2)
    async with connected(free_port) as store:
        async with served(tmp_path, free_port):
            await arrived(store)
            await store.begin("k", first, 480, 0)
        with pytest.raises(Unavailable) as caught:
            await store.end("k", first, TALK)
        assert caught.value.kind is Kind.STORE_AWAY
        async with served(tmp_path, free_port):
            await until(lambda: not store._ends)
            assert await store.begin("k", second, 480, 0) == TALK


async def test_nobody_tries_to_end_a_turn_whose_time_is_over(tmp_path, free_port, monkeypatch, caplog):
    monkeypatch.setattr(module, "END_SECONDS", 0.01)
    async with connected(free_port) as store:
        async with served(tmp_path, free_port):
            await arrived(store)
            (turn,) = turns("u", 1)
            await store.begin("k", turn, 0.2, 0)
        with pytest.raises(Unavailable):
            await store.end("k", turn, TALK)
        await until(lambda: not store._ends)
        assert "was not ended: its deadline does it" in caplog.text
        assert not store._deadlines


async def test_turns_that_are_being_ended_have_a_moment_when_all_stops(service, free_port, monkeypatch):
    gate = Gate(monkeypatch, service.turns, "end", behind=False)
    (turn,) = turns("u", 1)
    async with connected(free_port) as store:
        await store.begin("k", turn, 60, 0)
        ending = asyncio.ensure_future(store.end("k", turn, TALK))
        await gate.reached.wait()
        ending.cancel()
        asyncio.get_running_loop().call_soon(gate.open.set)
    assert not await held(service, "u")


async def test_a_store_that_is_away_is_known_to_be_and_comes_back(tmp_path, free_port, monkeypatch):
    monkeypatch.setattr(doubt, "FIRST_SECONDS", 30.0)  # a new connection ends it at once
    async with connected(free_port) as store:
        assert store.reachable  # nothing says that it is not there
        await until(lambda: not store.reachable)
        for ask in (
            store.recall("k", Recall("a")),
            store.keep("k", answer("a")),
            store.answer("k", "a"),
            store.begin("k", *turns("u", 1), 60, 0),
            store.sessions("k", "", 5),
        ):
            with pytest.raises(Unavailable) as caught:
                await ask
            assert (caught.value.kind, caught.value.retry_after) == (Kind.STORE_AWAY, 2)
        assert not store._ends  # what never left needs no end
        for _ in range(2):
            async with served(tmp_path, free_port):
                await until(lambda: store.reachable)
                await store.keep("k", answer("a"))
                assert await store.answer("k", "a") == b"{}"
            await until(lambda: not store.reachable)


async def test_a_connection_that_is_made_first_is_no_doubt(store):
    assert store.reachable
    await until(lambda: store._channel.get_state() is grpc.ChannelConnectivity.READY)
    assert store.reachable


async def test_a_store_whose_database_is_away_is_doubted_until_it_answers(store, service):
    async def fail(*_):
        raise ConnectionRefusedError

    whole = service.answers.find
    await store.keep("k", answer("a"))
    service.answers.find = fail
    with pytest.raises(Unavailable) as caught:
        await store.answer("k", "a")
    assert caught.value.kind is Kind.STORE_AWAY
    assert not store.reachable
    service.answers.find = whole
    assert await store.answer("k", "a") == b"{}"
    assert store.reachable


async def test_a_store_that_hangs_holds_up_one_answer_now_and_then(store, service, monkeypatch):
    monkeypatch.setattr(module, "END_SECONDS", 0.2)
    monkeypatch.setattr(doubt, "FIRST_SECONDS", 0.2)
    gate = Gate(monkeypatch, service.answers, "keep", behind=False)
    asked = []
    stub = store._stub.Keep
    monkeypatch.setattr(store._stub, "Keep", lambda ask, **about: asked.append(ask.answer_id) or stub(ask, **about))
    for name in ("a", "b"):
        with pytest.raises(Unavailable):
            await store.keep("k", answer(name))
        assert not store.reachable
    assert asked == ["a"]
    await until(lambda: store.reachable)
    telling = asyncio.ensure_future(store.keep("k", answer("c")))
    await until(lambda: asked == ["a", "c"])
    assert not store.reachable
    with pytest.raises(Unavailable):
        await store.keep("k", answer("d"))
    with pytest.raises(Unavailable):
        await telling
    gate.open.set()
    await until(lambda: store.reachable)
    await store.keep("k", answer("e"))
    assert (asked, store.reachable) == (["a", "c", "e"], True)


async def test_a_wrong_secret_is_a_store_that_cannot_be_had(service, free_port):
    async with connected(free_port, "wrong") as client:
        with pytest.raises(Unavailable):
            await client.answer("k", "a")
        assert not client.reachable
