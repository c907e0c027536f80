"""Rules on the order of turns and on the pairing of tool uses with their results."""

import re
from itertools import pairwise
from typing import Any

from tests.simulators.kiro.request import Request, Turn
from tests.simulators.kiro.terms import Terms

MAX_HISTORY = 10_000


def history_length(request: Request, _: Terms) -> str | None:
    return f"{len(request.history)} entries" if len(request.history) > MAX_HISTORY else None


def starts_with_user(request: Request, _: Terms) -> str | None:
    return "the first turn is the assistant's" if request.turns[0].role == "assistant" else None


def alternating(request: Request, _: Terms) -> str | None:
    for before, after in pairwise(request.turns):
        if before.role == after.role:
            return f"turns {before.index} and {after.index} are both {after.role}"
    return None


def user_content(request: Request, _: Terms) -> str | None:
    """Results make a user turn non-empty, images do not. A blank placeholder passes in history only."""
    for turn in request.users:
        said = turn.content.strip() if turn.current else turn.content
        if not said and not turn.results:
            return f"empty user turn {turn.index}"
    return None


def assistant_content(request: Request, _: Terms) -> str | None:
    for turn in request.assistants:
        if not turn.content and not turn.uses:
            return f"empty assistant turn {turn.index}"
    return None


def assistant_text(request: Request, _: Terms) -> str | None:
    for turn in request.assistants:
        if not turn.content:
            return f"assistant turn {turn.index} has tool uses only"
    return None


def use_ids(request: Request, _: Terms) -> str | None:
    for turn in request.turns:
        for item in (*turn.uses, *turn.results):
            identity = item.get("toolUseId")
            if not isinstance(identity, str) or not USE_ID.fullmatch(identity):
                return f"toolUseId {identity!r} in turn {turn.index}"
    return None


def use_names(request: Request, _: Terms) -> str | None:
    for turn in request.assistants:
        for use in turn.uses:
            name = use.get("name")
            if not isinstance(name, str) or not USE_ID.fullmatch(name):
                return f"name {name!r} in turn {turn.index}"
    return None


def use_inputs(request: Request, _: Terms) -> str | None:
    for turn in request.assistants:
        for use in turn.uses:
            if not isinstance(use.get("input"), dict):
                return f"input of {use.get('toolUseId')} is {type(use.get('input')).__name__}"
    return None


def result_shape(request: Request, _: Terms) -> str | None:
    for turn in request.users:
        for result in turn.results:
            if not _is_result(result):
                return f"result {result.get('toolUseId')} in turn {turn.index}"
    return None


def repeated_uses(request: Request, _: Terms) -> str | None:
    return _duplicates(request, "use_ids", "toolUse")


def repeated_results(request: Request, _: Terms) -> str | None:
    return _duplicates(request, "result_ids", "toolResult")


def unanswered(request: Request, _: Terms) -> str | None:
    return _missing(request, "lost")


def scattered(request: Request, _: Terms) -> str | None:
    return _missing(request, "scattered")


def displaced(request: Request, _: Terms) -> str | None:
    return _missing(request, "displaced")


def unasked(request: Request, _: Terms) -> str | None:
    """A turn of results where the turn before asked for nothing."""
    for before, turn in zip((None, *request.turns), request.turns, strict=False):
        if turn.results and not (before and before.uses):
            return (
                f"The number of toolResult blocks at messages.{turn.index}.content exceeds the number of toolUse blocks of previous turn."
            )
    return None


def orphans(request: Request, _: Terms) -> str | None:
    for before, turn in pairwise(request.turns):
        strange = [identity for identity in turn.result_ids if identity not in before.use_ids]
        if strange:
            return f"Unexpected toolResult blocks at messages.{turn.index}.content for the following Ids: {', '.join(strange)}"
    return None


def undeclared(request: Request, _: Terms) -> str | None:
    used = {use["name"] for turn in request.assistants for use in turn.uses}
    missing = sorted(used.difference(request.tool_names))
    return f"used but not declared: {missing}" if missing else None


def _is_result(result: dict[str, Any]) -> bool:
    content = result.get("content")
    return (
        set(result) <= {"toolUseId", "content", "status"}
        and result.get("status", "success") in ("success", "error")
        and isinstance(content, list)
        and all(_is_part(part) for part in content)
    )


def _is_part(part: Any) -> bool:
    if not isinstance(part, dict) or len(part) != 1:
        return False
    return isinstance(part.get("text"), str) or isinstance(part.get("json"), dict)


def _duplicates(request: Request, ids: str, block: str) -> str | None:
    for turn in request.turns:
        found = getattr(turn, ids)
        twice = sorted({identity for identity in found if found.count(identity) > 1})
        if twice:
            return f"The {block} blocks at messages.{turn.index}.content contain duplicate Ids: {', '.join(twice)}"
    return None


def _missing(request: Request, fate: str) -> str | None:
    """Uses whose result is not in the very next turn, when their result met with `fate`."""
    for turn in request.assistants:
        following = request.turns[turn.index + 1 :]
        answered = following[0].result_ids if following else []
        lost = [identity for identity in turn.use_ids if identity not in answered and _fate(identity, following) == fate]
        if lost:
            return f"Expected toolResult blocks at messages.{turn.index + 1}.content for the following Ids: {', '.join(lost)}"
    return None


def _fate(identity: str, following: list[Turn]) -> str:
    """Scattered: in a further user turn of the same run. Displaced: behind a later assistant turn. Lost: nowhere.

    An id that a later assistant turn uses again belongs to that turn.
    """
    fate = "scattered"
    for turn in following:
        if identity in turn.use_ids:
            return "lost"
        if turn.role == "assistant":
            fate = "displaced"
        elif identity in turn.result_ids:
            return fate
    return "lost"


USE_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
