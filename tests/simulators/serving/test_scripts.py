"""Every script, by each simulator: what a client sees of it."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.simulators.serving.scripts import REFUSAL, SCRIPTS

WORDS = "the quick gateway forwards every small piece of an answer as soon as it has come in"


async def run(at, script, *, stream=True, tools=False, **options):
    at.sim.script(script, options)
    return await at.ask(stream=stream, tools=tools)


@pytest.fixture(params=[True, False], ids=["streamed", "whole"])
def stream(request):
    return request.param


async def test_text_in_pieces(at, stream):
    found = await run(at, "text", stream=stream, text=WORDS, piece=10)
    assert (at.words(found), at.reason(found), found.error) == (WORDS, "stop" if at.path.endswith("completions") else "end_turn", None)
    assert found.raw.endswith(at.ended) == stream


async def test_directives_do_the_same_as_scripts(at, stream):
    found = await at.ask(f"[[say:{WORDS}]] and [[sim:length]]", stream=stream)
    assert (at.words(found), at.reason(found)) == (WORDS, "length" if at.path.endswith("completions") else "max_tokens")


async def test_an_unknown_directive_is_a_rejection(at):
    found = await at.ask("[[sim:nothing]]")
    assert (found.status, [each.rule for each in at.sim.rejections]) == (400, ["SIM"])


@pytest.mark.parametrize("script", ["utf8", "bytes"])
async def test_chunks_that_no_event_ends_with(at, script):
    found = await run(at, script, text="Grüße 🙂")
    assert at.words(found) == "Grüße 🙂"
    if script == "bytes":
        assert len(found.chunks) > len(found.raw) // 4  # some meet in one read
    whole = await run(at, script, stream=False, text="Grüße 🙂")
    assert at.words(whole) == "Grüße 🙂"


@pytest.mark.parametrize("script", ["reasoning", "redacted", "signature", "tags", "search", "unknown"])
async def test_text_with_something_beside_it(at, script, stream):
    found = await run(at, script, stream=stream, text=WORDS, thought="hm")
    assert at.words(found).endswith(WORDS)
    assert (script == "tags") == at.words(found).startswith("<think>\nhm\n</think>")


async def test_unknown_things_are_there(at):
    found = await run(at, "unknown", text=WORDS)
    assert (b"something" in found.raw, b": a comment" in found.raw) == (True, True)


@pytest.mark.parametrize("script", ["tools", "interleaved"])
async def test_calls(at, stream, script):
    found = await run(at, script, stream=stream, tools=True, calls=[["first", {"city": "Köln"}], ["#1", {"city": "x" * 40}]], text="")
    assert [(name, json.loads(given)) for name, given in at.calls(found)] == [("first", {"city": "Köln"}), ("second", {"city": "x" * 40})]
    assert at.reason(found) in ("tool_calls", "tool_use")


async def test_a_call_whole_or_empty(at, stream):
    found = await run(at, "object-input", stream=stream, tools=True, calls=[["first", {"city": "Köln"}]])
    given = at.calls(found)[0][1]
    assert (json.loads(given) if isinstance(given, str) else given) == {"city": "Köln"}
    found = await run(at, "zero-arg", stream=stream, tools=True)
    assert at.calls(found)[0][1] in ("", "{}")


async def test_a_refusal(at, stream):
    found = await run(at, "refusal", stream=stream)
    assert REFUSAL in json.dumps(found.payloads or found.json)


async def test_a_huge_event(at):
    assert len(at.words(await run(at, "huge", bytes=200_000))) == 200_000


async def test_nothing_at_all(at, stream):
    assert (await run(at, "empty", stream=stream)).raw == b""
    found = await run(at, "empty", stream=stream, tail=True)
    assert (at.words(found), bool(at.reason(found))) == ("", True)


async def test_events_word_for_word(at):
    given = [{"x": 1}] if at.path.endswith("completions") else [["ping", {"x": 1}]]
    found = await run(at, "events", events=given)
    assert [each["x"] for each in found.payloads] == [1]


async def test_silence_then_the_rest(at, stream):
    found = await run(at, "stall", stream=stream, seconds=0.01, after=1, text=WORDS)
    assert at.words(found) == WORDS
    found = await run(at, "slow", stream=stream, seconds=0.01, text=WORDS)
    assert at.words(found) == WORDS


async def test_silence_before_the_status_is_not_broken_by_it(at):
    at.sim.script("slow", {"seconds": 60})
    asking = asyncio.ensure_future(at.ask())
    await at.sim.until(lambda: at.sim.state.live.total() == 1)
    assert at.sim.requests[-1].status == 200
    assert at.sim.requests[-1].bytes_sent == 0
    asking.cancel()
    await at.sim.until(lambda: at.sim.state.aborted.total() == 1)


async def test_endings_that_are_missing(at):
    found = await run(at, "no-tail", text=WORDS)
    assert (at.words(found), at.reason(found), found.error) == (WORDS, None, None)
    found = await run(at, "no-terminator", text=WORDS)
    assert (at.words(found), at.reason(found) is None, at.ended in found.raw) == (WORDS, False, False)
    found = await run(at, "unstopped", tools=True, calls=[["first", {"city": "x"}]])
    assert (json.loads(at.calls(found)[0][1]), at.reason(found)) == ({"city": "x"}, None)


async def test_a_cut_call_with_a_good_end(at, stream):
    found = await run(at, "cut-input", stream=stream, tools=True, calls=[["first", {"city": "Paris"}]])
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(at.calls(found)[0][1])
    assert at.reason(found) in ("tool_calls", "tool_use")


@pytest.mark.parametrize(
    ("script", "status"), [("throttled", 429), ("too-long", 400), ("internal", 503), ("exception", 500), ("error-frame", 500)]
)
async def test_failures_inside_a_stream_are_statuses_of_a_whole_answer(at, script, status):
    found = await run(at, script, after=2, text=WORDS, piece=10)
    assert (found.status, at.words(found), at.reason(found)) == (200, WORDS[:20], None)
    assert "error" in found.payloads[-1] or found.payloads[-1]["type"] == "error"
    found = await run(at, script)
    assert len(found.payloads) == 1
    found = await run(at, script, stream=False)
    assert (found.status, "error" in found.json) == (status, True)


async def test_a_named_exception(at):
    found = await run(at, "exception", type="strange_error", message="words")
    assert (found.payloads[-1]["error"]["type"], found.payloads[-1]["error"]["message"]) == ("strange_error", "words")


@pytest.mark.parametrize("script", ["half-frame", "bad-crc", "html"])
async def test_nonsense(at, stream, script):
    found = await run(at, script, stream=stream)
    assert (found.status, found.error) == (200, None)
    with pytest.raises((ValueError, IndexError)):
        _ = found.payloads[0] if stream else found.json
    assert found.raw


async def test_bytes_that_are_no_text(at):
    found = await run(at, "bad-prelude")
    assert found.raw.startswith(b"\x00\xff\xfe")
    assert at.words(found) == "not to be trusted"


async def test_a_line_without_an_end(at):
    found = await run(at, "oversize", bytes=3 << 20)
    assert len(found.raw) == (3 << 20) + 6
    assert b"\n" not in found.raw


@pytest.mark.parametrize("script", ["reset-early", "reset", "drop"])
async def test_broken_connections(at, stream, script):
    found = await run(at, script, stream=stream, text=WORDS, piece=10, pause=0.01)
    assert found.error is not None
    assert (found.status, bool(found.raw)) == ((0, False) if script == "reset-early" else (200, True))
    assert (at.sim.requests[-1].finished, at.sim.requests[-1].script) == (False, script)


async def test_whoever_leaves_is_counted(at):
    at.sim.script("endless", {}, times=2)
    for stream in (True, False):
        asking = asyncio.ensure_future(at.ask(stream=stream))
        await at.sim.until(lambda: at.sim.state.live.total() == 1)
        asking.cancel()
        await at.sim.until(lambda: at.sim.state.live.total() == 0)
    assert at.sim.state.now() == {"in_flight": 0, "aborted": 2, "accounts": {at.account.id: {"in_flight": 0, "aborted": 2}}}
    assert [each.aborted for each in at.sim.requests] == [True, True]


def test_every_script_has_a_test_that_names_it():
    source = Path(__file__).read_text()
    assert [name for name in SCRIPTS if f'"{name}"' not in source and f"sim:{name}" not in source] == []
