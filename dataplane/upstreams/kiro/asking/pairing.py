"""Every call beside its result, and no result without its call (T01 to T05, T07, T13)."""

from collections import Counter, deque
from collections.abc import Hashable, Sequence
from collections.abc import Set as AbstractSet

from msgspec.structs import replace

from dataplane.conversation.model import Image
from dataplane.upstreams.kiro.asking import names
from dataplane.upstreams.kiro.asking.entries import Assistant, Entry, Note, Result, Use, User

# The result of a call that has none (T01).
INTERRUPTED = Note("Error: the call was interrupted, there is no result.")
NOBODY: frozenset[str] = frozenset()


def relocate(entries: list[Entry]) -> list[Entry]:
    """T05: a result that came late goes to the turn right after its call."""
    due: dict[str, list[int]] = {}
    moved: dict[int, list[Result]] = {}
    found = list(entries)
    for index, entry in enumerate(entries):
        if isinstance(entry, Assistant):
            for use in entry.uses:
                due.setdefault(use.id, []).append(index + 1)
            continue
        results = [part for part in entry.parts if isinstance(part, Result)]
        places = _places(results, index, due)
        if all(place == index for place in places):
            continue
        stays = iter([place == index for place in places])
        found[index] = User([part for part in entry.parts if not isinstance(part, Result) or next(stays)])
        for result, place in zip(results, places, strict=True):
            if place != index:
                moved.setdefault(place, []).append(result)
    for index, late in moved.items():
        found[index] = _user_with(found[index], late)
    return found


def _places(results: list[Result], index: int, due: dict[str, list[int]]) -> list[int]:
    """The turn where each result belongs; `index`, where it stands, when no call waits for it.

    An id may have been used again while a call of that id still waited (T07). One result is then that of
    the last call: whoever went on without the others has given them up, and what comes so late is no
    proof that they ran. As many results as there are calls show that none was given up: the first is
    that of the first call. So so many results are those of so many last calls, in their order.
    """
    count = Counter(result.id for result in results)
    waiting = {key: deque(due.pop(key, [index])[-number:]) for key, number in count.items()}
    places = list[int]()
    for result in results:
        calls = waiting[result.id]
        places.append(calls.popleft() if len(calls) > 1 else calls[0])
    return places


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
    """Ids that are not in `seen`, which learns them."""
    ids = list[str]()
    for place, use in enumerate(uses):
        ids.append(names.free(use.id, seen, f"{index}.{place}") if use.id in seen else use.id)
        seen.add(ids[-1])
    return ids


def _follow(entry: User, before: list[str], after: list[str]) -> User:
    """The n-th result of an id belongs to its n-th use; further ones to its last."""
    places: dict[str, list[str]] = {}
    for old, new in zip(before, after, strict=True):
        places.setdefault(old, []).append(new)
    parts = list[str | Image | Result]()
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
    parts: list[str | Image | Result] = []
    first: dict[str, Result] = {}
    told: dict[str, set[Hashable]] = {}
    for part in entry.parts:
        if not isinstance(part, Result):
            parts.append(part)
            continue
        contents = [_content(inner) for inner in part.parts]
        if part.id in first:
            kept, known = first[part.id], told[part.id]
            kept.parts += [inner for inner, content in zip(part.parts, contents, strict=True) if content not in known]
            kept.is_error = part.is_error
        else:
            first[part.id] = replace(part, parts=list(part.parts))
            parts.append(first[part.id])
        told.setdefault(part.id, set()).update(contents)
    return User(parts)


def _content(inner: str | Image) -> Hashable:
    """What makes a piece of a result the same as another."""
    return inner if isinstance(inner, str) else (Image, inner.data)


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
            entry = User([told for part in entry.parts for told in _told(part, ids)])  # noqa: PLW2901 - the same turn, told otherwise
        found.append(entry)
    return found


def _told(part: str | Image | Result, ids: AbstractSet[str]) -> Sequence[str | Image | Result]:
    if not isinstance(part, Result) or part.id in ids:
        return (part,)
    heading = f"Result of tool call {part.id}{' (failed)' if part.is_error else ''}:"
    texts = [inner if isinstance(inner, str) else "[image attached]" for inner in part.parts]
    return ("\n".join((heading, *texts)), *(inner for inner in part.parts if isinstance(inner, Image)))


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
    return User([*results, *(part for part in entry.parts if not isinstance(part, Result))])
