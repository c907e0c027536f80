"""Turns as Kiro wants them: who speaks when, and every call beside its result.

A conversation becomes a list of entries that passes through STEPS, each a small pure function named
for the rules that it keeps. Passing through them twice changes nothing; a conversation in which they
would find nothing to do is recognised by one look (`due`) and skips them.
"""

from collections.abc import Callable, Sequence
from itertools import groupby, pairwise
from typing import TypeVar

from msgspec.structs import replace

from dataplane.conversation.model import Call, Reasoning, Text
from dataplane.errors import InvalidRequest
from dataplane.upstreams.base import Lease
from dataplane.upstreams.kiro import hosts
from dataplane.upstreams.kiro.asking import caps, images, pairing
from dataplane.upstreams.kiro.asking.entries import Assistant, Entry, Note, Result, Use, User, blank, folded, led

# Words where Kiro insists on some (C06).
CONTINUE = Note("Continue.")
# The same after an answer that the client began itself and wants completed (M02).
RESUME = Note("Continue exactly where the text above ends, without repeating any of it.")
OPENING = Note("Hello.")
NOTHING: list[Use] = []
BILLING = "x-anthropic-billing-header:"

Step = Callable[[list[Entry]], list[Entry]]
Part = TypeVar("Part")


def shaped(
    call: Call, lease: Lease, *, signed: bool = True, opening: str = "", closing: Sequence[str] = (), last: Sequence[str] = ()
) -> list[Entry]:
    """The whole conversation; the last entry is the current message. Raises InvalidRequest.

    `opening` and `closing` stand around the system text, `last` at the end of the current message.
    """
    entries = folded(call, lease, signed=signed)
    system = [_unbilled(text) for text in call.system]
    if not (any(map(_speaks, entries)) or not all(map(blank, system))):
        raise InvalidRequest("the conversation holds no text", param="messages")
    entries = led(entries, [text for text in (opening, *system, *closing) if not blank(text)])
    entries = repaired(entries)
    end = entries[-1]
    assert isinstance(end, User), "the user speaks last"
    if end.parts and end.parts[0] is CONTINUE and _prefilled(call):
        end = User([RESUME])
    entries[-1] = User([*end.parts, *last]) if last else end
    return caps.capped(entries, hosts.of(lease))


def _unbilled(text: str) -> str:
    """`text` without the line that Claude Code writes for Anthropic's accounts. It differs from run to run, and in
    front of everything else it would keep the prompt cache from ever serving anything.
    """
    return text.partition("\n")[2] if text.startswith(BILLING) else text


def repaired(entries: list[Entry]) -> list[Entry]:
    """`entries` after STEPS."""
    steps = due(entries)
    if steps is STEPS:
        entries = merge(entries)
        steps = due(entries)
    for step in steps:
        entries = step(entries)
    return entries


def due(entries: list[Entry]) -> Sequence[Step]:
    """The steps that may find something to do: none when turns alternate and every call has its results in
    order; those for pictures when there are any besides.
    """
    seen: set[str] = set()
    uses = NOTHING
    pictured = False
    for index, entry in enumerate(entries):
        if index % 2:
            if type(entry) is not Assistant or entry.images or not (entry.texts or entry.uses):
                return STEPS
            uses = entry.uses
        elif type(entry) is not User or not entry.parts or not _answers(entry, uses, seen):
            return STEPS
        elif not pictured:
            pictured = images.stand_in(entry)
    return STEPS if len(entries) % 2 == 0 else PICTURES if pictured else ()


def _answers(entry: User, uses: list[Use], seen: set[str]) -> bool:
    """Whether the turn begins with the results of `uses` and has no others."""
    parts, count = entry.parts, len(uses)
    if len(parts) < count:
        return False
    for use, part in zip(uses, parts, strict=False):
        if type(part) is not Result or part.id != use.id or use.id in seen:
            return False
        seen.add(use.id)
    for place in range(count, len(parts)):  # noqa: SIM110 - a generator costs a microsecond for each turn
        if type(parts[place]) is Result:
            return False
    return True


def _speaks(entry: Entry) -> bool:
    """Whether it holds more than reasoning (M05)."""
    return bool(entry.parts if isinstance(entry, User) else entry.texts or entry.uses)


def _prefilled(call: Call) -> bool:
    """Whether the answer begins with words of the client's, as Anthropic's protocol has it."""
    last = call.turns[-1]
    return call.family == "anthropic" and last.role == "assistant" and bool(last.parts) and isinstance(last.parts[-1], Text)


def merge(entries: list[Entry]) -> list[Entry]:
    """M03, T04: neighbours of one role become one."""
    if all(type(one) is not type(other) for one, other in pairwise(entries)):
        return entries
    merged: list[Entry] = []
    for role, run in groupby(entries, type):
        same = list(run)
        if len(same) == 1:
            merged += same
        elif role is User:
            merged.append(User([part for entry in same if isinstance(entry, User) for part in entry.parts]))
        else:
            merged.append(_joined([entry for entry in same if isinstance(entry, Assistant)]))
    return merged


def _joined(entries: list[Assistant]) -> Assistant:
    reasoning = [entry.reasoning for entry in entries if entry.reasoning]
    return Assistant(
        [text for entry in entries for text in entry.texts],
        [use for entry in entries for use in entry.uses],
        reasoning[-1] if reasoning else None,
        [image for entry in entries for image in entry.images],
    )


def drop(entries: list[Entry]) -> list[Entry]:
    """C02, C01: entries without content go. Signed reasoning moves on to the next answer that has none."""
    found: list[Entry] = []
    carried: Reasoning | None = None
    for entry in entries:
        if isinstance(entry, User):
            if entry.parts:
                found.append(entry)
        elif not entry.texts and not entry.uses:
            carried = entry.reasoning or carried
        else:
            found.append(replace(entry, reasoning=carried) if carried and not entry.reasoning else entry)
            carried = None
    return found


def bound(entries: list[Entry]) -> list[Entry]:
    """M01, M02: the user speaks first and last. After a call the results are the user's words."""
    if not entries:
        return entries
    first, last = entries[0], entries[-1]
    opening: list[Entry] = [User([OPENING])] if isinstance(first, Assistant) else []
    closing: list[Entry] = [User([] if last.uses else [CONTINUE])] if isinstance(last, Assistant) else []
    return opening + entries + closing


def collapse(entries: list[Entry]) -> list[Entry]:
    """C06: notes of the same words beside each other say it once."""
    return [User(_once(entry.parts)) if isinstance(entry, User) else replace(entry, texts=_once(entry.texts)) for entry in entries]


def _once(parts: list[Part]) -> list[Part]:
    found: list[Part] = []
    for part in parts:
        if isinstance(part, Result):
            found.append(replace(part, parts=_once(part.parts)))
        elif not (found and type(part) is type(found[-1]) is Note and part == found[-1]):
            found.append(part)
    return found


PICTURES: tuple[Step, ...] = (images.limit, images.number, images.fill, collapse)
# The order matters: merging groups results before anybody asks whose they are, and pictures are counted and
# numbered when each has found its turn.
STEPS: tuple[Step, ...] = (
    merge,
    images.hoist,
    pairing.relocate,
    pairing.distinguish,
    pairing.dedupe,
    pairing.narrate,
    drop,
    merge,
    bound,
    pairing.answer,
    *PICTURES,
)
