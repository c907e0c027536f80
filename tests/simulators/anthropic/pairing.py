"""Rules about calls and their results. Turns are what the API makes of consecutive messages of one role."""

import re

from tests.simulators.anthropic.content import SERVER_RESULTS
from tests.simulators.anthropic.request import Block, Request, Turn, objects

NAME_LENGTH = 200
ID = re.compile(r"[a-zA-Z0-9_-]+")
SERVER_ID = re.compile(r"srvtoolu_[a-zA-Z0-9_]+")
NAME = re.compile(r"[a-zA-Z0-9_-]+")
UNANSWERED = (
    "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. "
    "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
)
UNASKED = (
    "{}: unexpected `tool_use_id` found in `tool_result` blocks: {}. "
    "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
)


def use_ids(request: Request) -> str | None:
    """Ids have a pattern, and no two calls share one."""
    seen: set[str] = set()
    for block in request.blocks():
        name = {"tool_use": "id", "server_tool_use": "id", "tool_result": "tool_use_id"}.get(block.kind)
        if name is None:
            continue
        pattern = SERVER_ID if block.kind == "server_tool_use" else ID
        if not pattern.fullmatch(block.raw[name]):
            return f"{block.path}.{block.kind}.{name}: String should match pattern '^{pattern.pattern}$'"
        if block.kind == "tool_use":
            if block.raw["id"] in seen:
                return f"{block.path}: `tool_use` ids must be unique"
            seen.add(block.raw["id"])
    return None


def use_names(request: Request) -> str | None:
    for block in request.blocks():
        if block.kind != "tool_use":
            continue
        name = block.raw["name"]
        if not NAME.fullmatch(name):
            return f"{block.path}.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{{1,{NAME_LENGTH}}}$'"
        if len(name) > NAME_LENGTH:
            return f"{block.path}.tool_use.name: String should have at most {NAME_LENGTH} characters"
    return None


def result_contents(request: Request) -> str | None:
    """A result's content is text or blocks."""
    for block in request.blocks():
        content = block.raw.get("content")
        if block.kind == "tool_result" and content is not None and not isinstance(content, str | list):
            return f"{block.path}.tool_result.content: Input should be a valid list"
    return None


def unasked(request: Request) -> str | None:
    before: set[str] = set()
    for turn in _talk(request):
        for block in turn.blocks:
            if block.kind == "tool_result" and block.raw["tool_use_id"] not in before:
                return UNASKED.format(block.path, block.raw["tool_use_id"])
        before = set(_calls(turn))
    return None


def repeated(request: Request) -> str | None:
    for turn in _talk(request):
        seen: set[str] = set()
        for block in turn.blocks:
            if block.kind != "tool_result":
                continue
            if block.raw["tool_use_id"] in seen:
                words = "{}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {}"
                return words.format(block.path, block.raw["tool_use_id"])
            seen.add(block.raw["tool_use_id"])
    return None


def unanswered(request: Request) -> str | None:
    """Every call has its result in the next turn, before anything else there."""
    turns = _talk(request)
    for turn, later in zip(turns, [*turns[1:], Turn(0, "user")], strict=True):
        wanted = _calls(turn)
        given = {block.raw["tool_use_id"] for block in _leading(later)}
        left = [identity for identity in wanted if identity not in given]
        if left:
            return UNANSWERED.format(later.at or turn.at, ", ".join(left))
    return None


def server_calls(request: Request) -> str | None:
    """What the server called has its result later in the same turn."""
    for turn in request.turns():
        results = {block.raw["tool_use_id"] for block in turn.blocks if block.kind in SERVER_RESULTS}
        for block in turn.blocks:
            if block.kind == "server_tool_use" and block.raw["id"] not in results:
                name = block.raw["name"]
                words = "{}: `{}` tool use with id `{}` was found without a corresponding `{}_tool_result` block"
                return words.format(block.path, name, block.raw["id"], name)
        calls = {block.raw["id"] for block in turn.blocks if block.kind == "server_tool_use"}
        for block in turn.blocks:
            if block.kind in SERVER_RESULTS and block.raw["tool_use_id"] not in calls:
                return UNASKED.format(block.path, block.raw["tool_use_id"])
    return None


def error_texts(request: Request) -> str | None:
    for block in request.blocks():
        if block.kind == "tool_result" and block.raw.get("is_error") is True:
            for inner in objects(block.raw.get("content")):
                if inner.get("type") != "text":
                    return f'{block.path}.tool_result: all content must be type "text" if `is_error` is true'
    return None


def _talk(request: Request) -> list[Turn]:
    """The turns of user and assistant; system messages between them part no call from its result."""
    found: list[Turn] = []
    for turn in request.turns():
        if turn.role == "system":
            continue
        if found and found[-1].role == turn.role:
            found[-1].blocks += turn.blocks
        else:
            found.append(turn)
    return found


def _calls(turn: Turn) -> list[str]:
    return [block.raw["id"] for block in turn.blocks if block.kind == "tool_use"]


def _leading(turn: Turn) -> list[Block]:
    """The results at the head of a turn."""
    found = []
    for block in turn.blocks:
        if block.kind != "tool_result":
            break
        found.append(block)
    return found
