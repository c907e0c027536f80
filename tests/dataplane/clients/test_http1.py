"""One connection without sockets: each state, each cut of the bytes, what is held back and how long is waited."""

import asyncio
import itertools

import pytest

from dataplane.clients.http1 import HEAD_BYTES, HIGH_BYTES, NEXT, Connection, Cut, Disconnected, Event, Malformed, Silent, State
from tests.dataplane.chunking import cuttings

HEAD = b"HTTP/1.1 200 OK\r\nx-a: 1\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
COUNTED = HEAD + b"content-length: 5\r\n\r\nhello"
ANSWERS = {
    "counted": COUNTED,
    "chunked": CHUNKED + b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nx-sum: 1\r\n\r\n",
    "after an interim answer": b"HTTP/1.1 103 Hints\r\nx-a: 2\r\n\r\n" + COUNTED,
}


class FakeTransport:
    def __init__(self):
        self.written, self.aborted, self.paused, self.unsent = [], 0, [], 0

    def write(self, data):
        self.written.append(data)

    def abort(self):
        self.aborted += 1

    def pause_reading(self):
        self.paused.append(True)

    def resume_reading(self):
        self.paused.append(False)

    def get_write_buffer_size(self):
        return self.unsent


class Wire:
    """A connection, its transport, and whom it has left."""

    def __init__(self, idle_seconds=5.0):
        self.gone = []
        self.transport = FakeTransport()
        self.connection = Connection(idle_seconds, self.gone.append)
        self.connection.connection_made(self.transport)

    async def asked(self, answer=b"", **options):
        """The state in which a request was sent and `answer` has come to it."""
        asking = asyncio.ensure_future(self.connection.ask(b"ask", **options))
        await asyncio.sleep(0)
        if answer:
            self.connection.data_received(answer)
        await asyncio.sleep(0)
        return asking


async def everything(connection):
    pieces = []
    while piece := await connection.read():
        pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_an_answer_cut_anywhere(answer):
    for pieces in cuttings(answer):
        wire = Wire()
        for _ in range(2):
            asking = await wire.asked()
            for piece in pieces:
                wire.connection.data_received(piece)
            await asking
            assert (wire.connection.status, wire.connection.headers["x-a"]) == (200, "1")
            assert await everything(wire.connection) == b"hello"
            assert wire.connection.rest()
        assert wire.transport.written == [b"ask", b"ask"]


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_an_answer_that_ends_anywhere_too_early(answer):
    head = answer.index(b"\r\n\r\n", answer.index(HEAD)) + 4
    for at in range(len(answer)):
        wire = Wire()
        asking = await wire.asked(answer[:at])
        wire.connection.connection_lost(None)
        if at < head:
            with pytest.raises(Disconnected):
                await asking
        else:
            await asking
            with pytest.raises(Cut):
                await everything(wire.connection)
        assert wire.gone == [wire.connection]


async def in_state(state):
    """A wire in `state`, reached as it is reached in service."""
    wire = Wire()
    if state is State.IDLE:
        return wire
    if state is State.CLOSED:
        wire.connection.close()
        return wire
    asking = await wire.asked({State.HEAD: b"", State.BODY: CHUNKED, State.DONE: COUNTED}[state])
    asking.add_done_callback(lambda task: task.exception())
    return wire


@pytest.mark.parametrize("state", State)
async def test_every_state_can_be_reached_and_closed_from_once(state):
    wire = await in_state(state)
    assert wire.connection.state is state
    for _ in range(2):
        wire.connection.close()
    wire.connection.connection_lost(None)
    assert wire.connection.state is State.CLOSED
    assert (wire.transport.aborted, wire.gone) == (1, [wire.connection])


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
async def test_only_what_the_table_has_may_happen(state, event):
    wire = await in_state(state)
    if (state, event) in NEXT:
        wire.connection._move(event)
        assert wire.connection.state is NEXT[state, event]
    else:
        with pytest.raises(KeyError):
            wire.connection._move(event)


@pytest.mark.parametrize("state", [State.IDLE, State.DONE])
async def test_bytes_that_nobody_asked_for_close_the_connection(state):
    wire = await in_state(state)
    wire.connection.data_received(b"HTTP/1.1 408 Too slow\r\n\r\n")
    assert wire.connection.state is State.CLOSED
    if state is State.DONE:
        assert await everything(wire.connection) == b"hello"


@pytest.mark.parametrize("state", [State.IDLE, State.HEAD, State.BODY, State.CLOSED])
async def test_only_a_whole_answer_makes_ready_for_another(state):
    assert not (await in_state(state)).connection.rest()


async def test_what_was_not_read_or_not_sent_keeps_a_connection_from_serving_again():
    wire = await in_state(State.DONE)
    assert not wire.connection.rest()
    assert await everything(wire.connection) == b"hello"
    wire.transport.unsent = 1
    assert not wire.connection.rest()
    wire.transport.unsent = 0
    assert wire.connection.rest()


async def test_asking_on_a_closed_connection_is_told_so():
    wire = await in_state(State.CLOSED)
    with pytest.raises(Disconnected):
        await wire.connection.ask(b"ask")
    assert wire.transport.written == []


async def test_an_error_of_the_socket_is_named():
    wire = Wire()
    asking = await wire.asked(CHUNKED + b"5\r\nhel")
    wire.connection.connection_lost(ConnectionResetError("reset"))
    await asking
    assert await wire.connection.read() == b"hel"
    with pytest.raises(Cut, match="reset"):
        await wire.connection.read()


async def test_an_end_by_accident_is_no_end():
    for error, whole in ((None, True), (ConnectionResetError("reset"), False)):
        wire = Wire()
        await (await wire.asked(HEAD + b"connection: close\r\n\r\nhello"))
        wire.connection.connection_lost(error)
        if whole:
            assert await everything(wire.connection) == b"hello"
        else:
            with pytest.raises(Cut):
                await everything(wire.connection)


async def test_reading_pauses_while_too_much_is_held_and_goes_on_when_it_is_taken():
    wire = Wire()
    await (await wire.asked(CHUNKED))
    piece = b"8000\r\n" + b"x" * 32768 + b"\r\n"
    for _ in range(HIGH_BYTES // 32768):
        wire.connection.data_received(piece)
    assert wire.transport.paused == []
    wire.connection.data_received(piece * 2)
    wire.connection.data_received(piece)
    assert wire.transport.paused == [True]
    assert len(await wire.connection.read()) == HIGH_BYTES + 3 * 32768
    assert wire.transport.paused == [True, False]


async def test_a_large_answer_that_came_whole_is_not_waited_for():
    wire = Wire()
    await (await wire.asked(HEAD + b"content-length: 200000\r\n\r\n" + b"x" * 200_000))
    assert wire.transport.paused == []
    assert len(await wire.connection.read()) == 200_000


async def test_the_head_is_bounded_also_where_it_comes_in_small_pieces():
    for opening in (HEAD + b"x-long: ", b"HTTP/1.1 100 Continue\r\n\r\n" * 100 + HEAD + b"x-long: "):
        wire = Wire()
        asking = await wire.asked(opening)
        fed = 0
        while wire.connection.state is State.HEAD:
            wire.connection.data_received(b"y" * 1000)
            fed += 1000
        assert fed <= HEAD_BYTES + 1000
        with pytest.raises(Malformed):
            await asking


async def test_interim_answers_do_not_go_on_for_ever():
    wire = Wire()
    asking = await wire.asked()
    for _ in range(HEAD_BYTES // 25 + 1):
        wire.connection.data_received(b"HTTP/1.1 100 Continue\r\n\r\n")
    with pytest.raises(Malformed):
        await asking


async def test_many_small_chunks_are_not_too_much():
    wire = Wire()
    await (await wire.asked(CHUNKED))
    for piece in (b"1\r\n", b"x", b"\r\n") * (HEAD_BYTES // 4):
        wire.connection.data_received(piece)
    assert wire.connection.state is State.BODY


async def test_one_timer_serves_many_waits_and_runs_out_when_nobody_waits():
    wire = Wire(idle_seconds=0.05)
    await (await wire.asked(CHUNKED))
    timer = wire.connection._timer
    for _ in range(5):
        reading = asyncio.ensure_future(wire.connection.read())
        await asyncio.sleep(0)
        wire.connection.data_received(b"1\r\nx\r\n")
        assert await reading == b"x"
    assert wire.connection._timer is timer
    await asyncio.sleep(0.08)
    assert wire.connection._timer is None
    assert wire.connection.state is State.BODY


async def test_silence_is_counted_from_the_last_byte():
    wire = Wire(idle_seconds=0.4)
    await (await wire.asked(CHUNKED))
    reading = asyncio.ensure_future(wire.connection.read())
    for _ in range(4):
        await asyncio.sleep(0.12)
        wire.connection.data_received(b"0")
    assert not reading.done()
    with pytest.raises(Silent):
        await reading
    assert wire.connection.state is State.CLOSED


async def test_a_reader_that_is_cancelled_may_be_followed_by_another():
    wire = Wire()
    await (await wire.asked(CHUNKED))
    reading = asyncio.ensure_future(wire.connection.read())
    await asyncio.sleep(0)
    reading.cancel()
    wire.connection.data_received(b"1\r\nx\r\n")
    assert await wire.connection.read() == b"x"
