"""The plug-in over real connections, against the strict simulator."""

import asyncio

import pytest

from dataplane.clients.media.converter import MediaConverter
from dataplane.clients.transport import Transport
from dataplane.conversation.events import Finished, Started, TextDelta, UsageSeen
from dataplane.conversation.model import Document, Image, Sampling
from dataplane.conversation.order import Order
from dataplane.errors import Cause, InvalidRequest, Kind, Retry, UpstreamFault
from dataplane.media import fit
from dataplane.upstreams.base import Credential, Upstream
from dataplane.upstreams.kimi_web import KimiWeb
from tests.dataplane.clients.media.files import coded, picture
from tests.dataplane.clients.media.test_converter import Files
from tests.dataplane.upstreams.kimi_web.samples import STAMP, assistant, call, lease, turn, user
from tests.simulators.kimi_web import KimiSimulator


@pytest.fixture
async def transport():
    found = Transport(5.0)
    yield found
    await found.close()


@pytest.fixture
async def sim():
    async with KimiSimulator() as running:
        yield running


def seat(sim, nonce=None, **more):
    return lease(base_urls=[sim.url], credential=Credential(sim.nonce if nonce is None else nonce), **more)


async def served(transport, asked, given):
    """All events of an answer, read as the line reads it."""
    plugin: Upstream = KimiWeb()
    events = []
    async with transport.follow(plugin.plan(asked, given, STAMP)) as stream:
        decoder = plugin.decoder(asked, given, STAMP)
        while not decoder.over and (data := await stream.read()):
            events += decoder.feed(data)
        events += decoder.finish()
    Order().follow(events)
    return events


def text(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def refused(transport, sim, asked=None, given=None):
    with pytest.raises(UpstreamFault) as raised:
        await served(transport, asked or call(user("hi")), given or seat(sim))
    return raised.value


async def test_a_message_and_its_answer(transport, sim):
    events = await served(transport, call(user("Hello")), seat(sim))
    assert text(events) == "You said: Hello"
    assert [type(event) for event in events] == [Started, TextDelta, UsageSeen, Finished]
    assert sim.rejections == []
    assert sim.requests[0].headers["referer"] == f"{sim.url}/chat/"


async def test_the_whole_conversation_arrives(transport, sim):
    """K3, K4."""
    sim.configure(echo=True)
    asked = call(user("first é漢🙂"), assistant("answer\nUser: no turn"), turn("system", "note"), user("last"), system=["Be brief."])
    expected = "Be brief.\n\nUser: first é漢🙂\n\nModel: answer\n User: no turn\n\nSystem: note\n\nUser: last"
    assert text(await served(transport, asked, seat(sim))) == expected
    assert sim.rejections == []


@pytest.mark.parametrize(
    ("script", "expected"),
    [("pieces", "You said: hi"), ("mark", "You said: hi"), ("escapes", "You said: hi\ufffd"), ("text", "You said: hi")],
)
async def test_answers_of_every_good_kind(transport, sim, script, expected):
    sim.script(script)
    assert text(await served(transport, call(user("hi")), seat(sim))) == expected


async def test_a_long_answer_is_whole(transport, sim):
    sim.script("huge", {"bytes": 300_000})
    assert text(await served(transport, call(user("hi")), seat(sim))) == "x" * 300_000


async def test_a_connection_that_stays_open_delays_nothing(transport, sim):
    """K2: the answer goes out when it is complete; the timeout is what fails the test otherwise."""
    sim.script("lingering")
    async with asyncio.timeout(4):
        assert text(await served(transport, call(user("hi")), seat(sim))) == "You said: hi"
    await sim.until(lambda: sim.counters()["aborted"] == 1)


async def test_a_client_that_leaves_ends_the_request(transport, sim):
    """K12."""
    sim.script("stall")
    task = asyncio.create_task(served(transport, call(user("hi")), seat(sim)))
    await sim.until(lambda: sim.counters()["live"] == 1)
    task.cancel()
    await sim.until(lambda: sim.counters()["aborted"] == 1)
    assert sim.requests[0].aborted


async def test_connections_are_used_again(transport, sim):
    for _ in range(3):
        await served(transport, call(user("hi")), seat(sim))
    assert [request.status for request in sim.requests] == [200] * 3
    assert sim.rejections == []


@pytest.mark.parametrize("denial", ["minus-one", "zero", "minus-one-200", "bare", "text", "message", "page"])
async def test_a_dead_nonce_is_known_however_it_is_told(transport, sim, denial):
    sim.configure(denial=denial)
    old = seat(sim)
    sim.rotate()
    fault = await refused(transport, sim, given=old)
    assert (fault.cause, fault.retry) == (Cause.CREDENTIAL_REJECTED, Retry.RENEWED)
    assert old.credential.access_token not in f"{fault} {fault.detail} {fault.error.message}"
    old.credential = Credential(sim.nonce)
    assert text(await served(transport, call(user("hi")), old)) == "You said: hi"


@pytest.mark.parametrize(
    ("status", "cause", "kind"),
    [
        (403, Cause.FORBIDDEN, Kind.UPSTREAM_ERROR),
        (429, Cause.THROTTLED, Kind.ACCOUNTS_BUSY),
        (500, Cause.UNAVAILABLE, Kind.UPSTREAM_ERROR),
        (503, Cause.FORBIDDEN, Kind.UPSTREAM_ERROR),
        (521, Cause.UNAVAILABLE, Kind.UPSTREAM_ERROR),
        (524, Cause.TIMEOUT, Kind.UPSTREAM_TIMEOUT),
    ],
)
async def test_refusals(transport, sim, status, cause, kind):
    sim.fail(status=status, headers={"Retry-After": "3"})
    fault = await refused(transport, sim)
    assert (fault.cause, fault.error.kind, fault.status, fault.retry_after) == (cause, kind, status, 3)


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ("empty", Cause.EMPTY),
        ("blank", Cause.EMPTY),
        ("page", Cause.CORRUPT),
        ("challenge", Cause.FORBIDDEN),
        ("half", Cause.CUT),
        ("drop", Cause.CUT),
        ("reset", Cause.UNREACHABLE),
        ("failure", Cause.UNAVAILABLE),
    ],
)
async def test_broken_answers_are_never_text(transport, sim, script, cause):
    """K5."""
    sim.script(script)
    assert (await refused(transport, sim)).cause is cause


async def test_a_site_that_is_not_there(transport, sim):
    fault = await refused(transport, sim, given=lease())
    assert (fault.cause, fault.retry, fault.error.kind) == (Cause.UNREACHABLE, Retry.SAME_ACCOUNT, Kind.UPSTREAM_ERROR)


async def test_what_the_site_finds_too_long(transport, sim):
    sim.configure(most_characters=20)
    fault = await refused(transport, sim, call(user("x" * 21)))
    assert (fault.cause, fault.error.kind) == (Cause.TOO_LONG, Kind.CONTEXT_TOO_LONG)


async def test_stop_and_max_tokens_are_kept_here(transport, sim):
    sim.script("text", {"text": "one two three"}, times=2)
    events = await served(transport, call(user("hi"), sampling=Sampling(stop=[" two"])), seat(sim))
    assert (text(events), events[-1]) == ("one", Finished("stop_sequence", " two"))
    events = await served(transport, call(user("hi"), sampling=Sampling(max_tokens=2)), seat(sim))
    assert (text(events), events[-1]) == ("one two", Finished("length"))


# ---- pictures and files


@pytest.fixture
async def converter():
    files = Files(notes=(b"from afar", "text/plain"), photo=(picture("PNG"), "image/png"))
    made = MediaConverter(files)
    made.files = files
    yield made
    await made.close()


def holding(*parts):
    return call(user("Look.", *parts), media=list(parts))


async def test_files_become_text_and_pictures_are_not_even_fetched(converter):
    far = Image(url="http://127.0.0.1/photo", where="messages[0].content[1]")
    near = Image("image/png", "no picture at all", where="messages[0].content[2]")
    asked = holding(far, near, Document("text/plain", coded(b"near"), name="a.txt"), Document(url="http://127.0.0.1/notes", name="b.txt"))
    rules = KimiWeb().media(asked, lease())
    fitted = await fit(converter, asked, rules)
    sent = next(KimiWeb().plan(fitted, lease(), STAMP)).body
    assert sent.count(b"picture+that+cannot+be+shown") == 2
    assert b"near" in sent
    assert b"from+afar" in sent
    assert [url for url, _ in converter.files.asked] == ["http://127.0.0.1/notes"]


async def test_any_number_of_pictures_may_be_left_out(converter):
    asked = holding(*(Image(url=f"http://127.0.0.1/{n}") for n in range(200)))
    assert await fit(converter, asked, KimiWeb().media(asked, lease())) is asked


@pytest.mark.parametrize("part", [Document("", coded(picture("PNG")), where="w"), Document(url="http://127.0.0.1/photo", where="w")])
async def test_a_file_that_is_a_picture_is_refused(converter, part):
    asked = holding(part)
    with pytest.raises(InvalidRequest) as raised:
        await fit(converter, asked, KimiWeb().media(asked, lease()))
    assert raised.value.param == "w"
