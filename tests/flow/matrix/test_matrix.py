"""Every protocol at every kind of upstream, streamed and whole, through the official SDKs.

Nothing is left out by hand: where an upstream has no place for a wish, the table behind docs/fidelity.md says so, and
then the answer must come all the same and say what was dropped.
"""

import asyncio
from itertools import product

import pytest

from dataplane.fidelity import COLUMNS, TABLES
from tests.flow.matrix.asking import MODES, TOOL, Ask, Call
from tests.flow.matrix.cells import records
from tests.simulators.serving.pieces import THOUGHT
from tests.stack import until

pytestmark = pytest.mark.slow

WORDS = "The quick gateway forwards every small piece of an answer, grün or 🌲, as soon as it has come in from upstream."
SYSTEM = "Answer in one line."
ARGUMENTS = {"city": "Zürich", "days": [1, 2]}
QUESTION = '[[say:Let me look.]][[call:get_weather {"city": "Zürich", "days": [1, 2]}]]'
SUNNY = "Zürich: sunny, 21 degrees"
ELSEWHERE = Call("call_elsewhere", TOOL, '{"city": "Zürich"}')


def user(text):
    return {"role": "user", "content": text}


def test_text(cell):
    entries = [user("Hello?"), {"role": "assistant", "content": "Hello!"}, user(f"[[say:{WORDS}]]")]
    told = cell.tell(Ask(cell.model, entries, system=SYSTEM), "text", "system")
    assert (told.text, told.reason, told.thinking, told.calls) == (WORDS, cell.sdk.end, "", [])
    assert told.pieces > 2 or not cell.in_pieces
    assert all(cell.overheard(said) for said in (SYSTEM, "Hello?", "Hello!"))


def test_tools(cell):
    asked = [user(QUESTION)]
    first = cell.tell(Ask(cell.model, asked, tools=True), "text", "tools")
    assert first.text == "Let me look."
    if "tools" in cell.lost:
        assert (first.calls, first.reason) == ([], cell.sdk.end)
        asked, call = [*asked, *cell.sdk.called(ELSEWHERE)], ELSEWHERE
    else:
        (call,) = first.calls
        assert (call.name, call.value, first.reason) == (TOOL, ARGUMENTS, cell.sdk.calls)
        asked += first.said
    second = cell.tell(Ask(cell.model, [*asked, cell.sdk.result(call, SUNNY)], tools=True), "text", "tools", "call", "result")
    assert SUNNY in second.text
    assert (second.reason, second.calls) == (cell.sdk.end, [])
    assert all(cell.overheard(said) for said in (TOOL, SUNNY, "Zürich"))


def test_picture(cell):
    told = cell.tell(Ask(cell.model, [cell.sdk.shown(f"[[say:{WORDS}]]")]), "text", "picture")
    assert (told.text, told.reason) == (WORDS, cell.sdk.end)
    assert cell.upstream.pictures(cell.heard()) == (0 if "picture" in cell.lost else 1)


def test_thinking(cell):
    """With a call, for it is then that endpoints want their thinking back."""
    asked = [user(QUESTION)]
    first = cell.tell(Ask(cell.thinker, asked, tools=True, thinks=True), "text", "tools", "thinking")
    assert first.text == "Let me look."
    if "thinking" in cell.lost:
        assert first.thinking == ""
        asked += [*cell.sdk.thought(THOUGHT), user("Go on."), *cell.sdk.called(ELSEWHERE)]
        call = ELSEWHERE
    else:
        assert (first.thinking, first.reason) == (THOUGHT, cell.sdk.calls)
        asked += first.said
        (call,) = first.calls
    thoughts = "sealed" if first.sealed else "thoughts"
    second = Ask(cell.thinker, [*asked, cell.sdk.result(call, SUNNY)], tools=True, thinks=True)
    told = cell.tell(second, "text", "tools", "call", "result", thoughts, "thinking")
    assert SUNNY in told.text
    assert (THOUGHT in cell.upstream.thoughts(cell.heard())) == (thoughts not in cell.lost)


@pytest.mark.parametrize("status", [429, 500, 400])
def test_refusal(failing, status):
    cell = failing
    refusal = {"status": status, "times": 9, **cell.upstream.words.get(status, {})}
    cell.stack.sim("POST", "fail", refusal, of=cell.upstream.simulator)
    told = cell.sdk.tell(Ask(cell.model, [user("hi")]), cell.mode, "failed")
    error, answered, kind = cell.sdk.refusals[cell.upstream.refusals[status]]
    assert isinstance(told.error, error)
    assert (told.error.status_code, cell.sdk.kind(told.error)) == (answered, kind)
    assert ("retry-after" in told.headers) == (answered in {429, 503, 529})


def test_leaving(failing):
    """In the middle of an answer, or while nothing has come yet."""
    cell = failing
    ask = Ask(cell.model, [user("[[sim:endless]]")], leave=3)
    if cell.in_pieces:
        told = cell.sdk.tell(ask, cell.mode, "cancelled")
        assert (told.pieces, told.reason, told.error) == (3, None, None)
    else:
        asyncio.run(leave(cell, ask))
    until(lambda: [each["aborted"] for each in cell.upstream.requests(cell.stack)] == [True], 5)


def test_break(failing):
    """The upstream's connection ends in the middle of its answer, however often it is asked."""
    cell = failing
    script = {"script": "drop", "options": {"text": WORDS, "piece": 40, "after": 2}, "times": 9}
    cell.stack.sim("POST", "script", script, of=cell.upstream.simulator)
    told = cell.sdk.tell(Ask(cell.model, [user("hi")]), cell.mode, "cut" if cell.in_pieces else "failed")
    assert isinstance(told.error, cell.sdk.errors)
    assert told.reason is None
    if cell.in_pieces:
        assert told.text == WORDS[:80], "what had come is kept"
        return
    error, answered, kind = cell.sdk.refusals["failed"]
    assert isinstance(told.error, error)
    assert (told.error.status_code, cell.sdk.kind(told.error)) == (answered, kind)


def test_every_request_left_one_record(every, sdks):
    """Exactly one, those of clients that left included, and it says how the request ended."""
    stack, _ = every
    named = {name: told for sdk in sdks.values() for name, told in sdk.records.items()}
    left = [told for sdk in sdks.values() for told in sdk.left]
    assert named
    until(lambda: len(records(stack)) >= len(named) + len(left), 5)
    found = [(each["requestId"], (each["kind"], each["ending"])) for each in records(stack)]
    assert len(dict(found)) == len(found) == len(named) + len(left)
    assert {name: told for name, told in found if name in named} == named
    assert sorted(told for name, told in found if name not in named) == sorted(left)


def test_no_cell_is_missing(request):
    """Counted by the tables of docs/fidelity.md: what is added there must be added here."""
    cells = [
        (item.originalname, params["sdk"].table.title, params["upstream"].kind, params["mode"], params.get("status"))
        for item in request.node.getparent(pytest.Module).collect()
        if (params := getattr(item, "callspec", None) and item.callspec.params)
    ]
    cases = [(case, None) for case in ("test_text", "test_tools", "test_picture", "test_thinking", "test_leaving", "test_break")]
    cases += [("test_refusal", status) for status in (429, 500, 400)]
    places = product(TABLES, COLUMNS, MODES)
    wanted = [(case, table.title, column.title, mode, status) for table, column, mode in places for case, status in cases]
    assert sorted(cells, key=str) == sorted(wanted, key=str)
    assert len(cells) == 3 * 4 * 3 * 9


async def leave(cell, ask):
    """Ask, and be gone as soon as the upstream is at it."""
    asking = asyncio.create_task(cell.sdk.waiting(ask, streamed=cell.streamed))

    async def begun():
        return await asyncio.to_thread(cell.stack.sim, "GET", "counters", of=cell.upstream.simulator)

    while not (await begun())["live"]:
        assert not asking.done()
    asking.cancel()
    cell.sdk.left.append((cell.upstream.kind, "cancelled"))
    with pytest.raises(asyncio.CancelledError):
        await asking
