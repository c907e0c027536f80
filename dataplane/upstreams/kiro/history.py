"""Turns as Kiro wants them: who speaks when, and every call beside its result.

A conversation becomes a list of entries that passes through STEPS, each a small pure function named
in the Kiro wire notes on turn order and tool pairing. Passing through them twice changes nothing.
"""

from collections import Counter
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import groupby, pairwise

from dataplane.conversation.model import Call, Reasoning
from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro import names
from dataplane.upstreams.kiro.entries import Assistant, Entry, Result, Use, User, folded

# Synthetic text teaches models to imitate it (C06): each of these stands where Kiro insists on text.
CONTINUE = "Continue."
OPENING = "Hello."
NOBODY: frozenset[str] = frozenset()
INTERRUPTED = "Error: the call was interrupted, there is no result."


Step = Callable[[list[Entry]], list[Entry]]


def shaped(call: Call) -> list[Entry]:
    """The whole conversation; the last entry is the current message. Raises InvalidRequest."""
    entries = folded(call)
    for step in STEPS:
        entries = step(entries)
    if not entries:
        raise InvalidRequest("the conversation holds no text", param="messages")
    return entries


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
    )


def relocate(entries: list[Entry]) -> list[Entry]:
    """T05: a result that came late goes to the turn right after its call."""
    due: dict[str, int] = {}
    moved: dict[int, list[Result]] = {}
    found = list(entries)
    for index, entry in enumerate(entries):
        if isinstance(entry, Assistant):
            for use in entry.uses:
                due[use.id] = index + 1
            continue
        results = [part for part in entry.parts if isinstance(part, Result)]
        if not results:
            continue
        late = {result.id for result in results if due.get(result.id, index) != index}
        if late:
            found[index] = User([part for part in entry.parts if isinstance(part, str) or part.id not in late])
            for result in results:
                if result.id in late:
                    moved.setdefault(due[result.id], []).append(result)
        for result in results:
            due.pop(result.id, None)
    for index, late_results in moved.items():
        found[index] = _user_with(found[index], late_results)
    return found


def _user_with(entry: Entry, results: list[Result]) -> User:
    assert isinstance(entry, User), "turns alternate before results are moved"
    return User([*results, *entry.parts])


def distinguish(entries: list[Entry]) -> list[Entry]:
    """T07: an id that was used before is renamed, with its results, which belong to it by their place."""
    seen: set[str] = set()
    found = list(entries)
    for index, entry in enumerate(entries):
        if isinstance(entry, User) or not entry.uses:
            continue
        ids = [use.id for use in entry.uses]
        if len(set(ids)) < len(ids) or not seen.isdisjoint(ids):
            renamed = _renamed(entry.uses, seen, index)
            found[index] = replace(entry, uses=[replace(use, id=new) for use, new in zip(entry.uses, renamed, strict=True)])
            following = found[index + 1] if index + 1 < len(found) else None
            if isinstance(following, User):
                found[index + 1] = _follow(following, ids, renamed)
            ids = renamed
        seen.update(ids)
    return found


def _renamed(uses: list[Use], seen: set[str], index: int) -> list[str]:
    taken, ids = set(seen), list[str]()
    for place, use in enumerate(uses):
        ids.append(names.free(use.id, taken, f"{index}.{place}") if use.id in taken else use.id)
        taken.add(ids[-1])
    return ids


def _follow(entry: User, before: list[str], after: list[str]) -> User:
    """The n-th result of an id belongs to its n-th use; further ones to its last."""
    places: dict[str, list[str]] = {}
    for old, new in zip(before, after, strict=True):
        places.setdefault(old, []).append(new)
    parts = list[str | Result]()
    count: Counter[str] = Counter()
    for part in entry.parts:
        if isinstance(part, Result) and part.id in places:
            candidates = places[part.id]
            parts.append(replace(part, id=candidates[min(count[part.id], len(candidates) - 1)]))
            count[part.id] += 1
        else:
            parts.append(part)
    return User(parts)


def dedupe(entries: list[Entry]) -> list[Entry]:
    """T03: one result for a call; what the others say in addition is kept with it."""
    return [_deduped(entry) if isinstance(entry, User) else entry for entry in entries]


def _deduped(entry: User) -> User:
    results = [part for part in entry.parts if isinstance(part, Result)]
    if not results or len({result.id for result in results}) == len(results):
        return entry
    parts: list[str | Result] = []
    first: dict[str, Result] = {}
    for part in entry.parts:
        if isinstance(part, str):
            parts.append(part)
        elif part.id in first:
            kept = first[part.id]
            kept.texts += [text for text in part.texts if text not in kept.texts]
            kept.is_error = part.is_error
        else:
            first[part.id] = replace(part, texts=list(part.texts))
            parts.append(first[part.id])
    return User(parts)


def narrate(entries: list[Entry]) -> list[Entry]:
    """T02: a result without its call just before cannot stay a result; its output stays as text."""
    found: list[Entry] = []
    ids: AbstractSet[str] = NOBODY
    for entry in entries:
        if isinstance(entry, Assistant):
            ids = {use.id for use in entry.uses} if entry.uses else NOBODY
            found.append(entry)
            continue
        if any(isinstance(part, Result) and part.id not in ids for part in entry.parts):
            parts = [_told(part) if isinstance(part, Result) and part.id not in ids else part for part in entry.parts]
            entry = User(parts)  # noqa: PLW2901 - the same turn, told otherwise
        found.append(entry)
    return found


def _told(result: Result) -> str:
    return "\n".join((f"Result of tool call {result.id}{' (failed)' if result.is_error else ''}:", *result.texts))


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


def answer(entries: list[Entry]) -> list[Entry]:
    """T01, T13: each call has a result, in the order of the calls."""
    found: list[Entry] = []
    uses: list[Use] = []
    for entry in entries:
        if isinstance(entry, Assistant):
            uses = entry.uses
            found.append(entry)
        else:
            found.append(_answered(entry, uses) if uses else entry)
            uses = []
    return found


def _answered(entry: User, uses: list[Use]) -> User:
    given = {part.id: part for part in entry.parts if isinstance(part, Result)}
    results = [given.get(use.id) or Result(use.id, [INTERRUPTED], is_error=True) for use in uses]
    return User([*results, *(part for part in entry.parts if isinstance(part, str))])


# The order matters: merging groups results before anybody asks whose they are.
STEPS: tuple[Step, ...] = (merge, relocate, distinguish, dedupe, narrate, drop, merge, bound, answer)
