"""Turns as messages that the API takes: sides in turn, each call answered in the very next message.

What has no seat where it stands moves to the nearest place that has one; nothing of it is lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from dataplane.conversation.model import Call, Document, Image, Part, Reasoning, Search, Text, ToolCall, ToolResult, Turn
from dataplane.errors import InvalidRequest
from dataplane.upstreams.anthropic.asking import parts
from dataplane.upstreams.anthropic.asking.names import Names, wire_id
from dataplane.upstreams.anthropic.asking.parts import Block, Scene

# Stands where the client's side has nothing to say and yet must speak.
SILENCE = "Continue."
# For a call that was never answered.
UNANSWERED = "No result: the call was not carried out."


@dataclass(slots=True)
class Message:
    """One side's message. `results` stand in front of all else, by the ids they answer."""

    role: str
    blocks: list[Block] = field(default_factory=list)
    results: dict[str, Block] = field(default_factory=dict)

    @property
    def content(self) -> list[Block]:
        return [*self.results.values(), *self.blocks]


def messages(call: Call, names: Names, scene: Scene) -> list[Message]:
    """Raises InvalidRequest for parts on the wrong side."""
    found = _Writer(names, scene).write(call.turns)
    for message in found:
        if message.role == "assistant":
            _end(message.blocks)
    return list(_answered(_sided(found)))


def thoughtless(found: list[Message]) -> bool:
    """Whether the model stands in the middle of calls that it made without any thinking that is at hand. It may have
    thought before the first of them only: that counts for all that follow without a word of the user's.
    """
    if not found[-1].results:
        return False
    for message in reversed(found):
        if message.role == "user" and not message.results:
            break
        if message.role == "assistant" and message.blocks[0]["type"] in THINKING:
            return False
    return True


class _Writer:
    """Goes through the turns once. `_open` are the calls that wait for a result, by the client's ids: the message that
    made them, and their ids on the wire.
    """

    def __init__(self, names: Names, scene: Scene) -> None:
        self._names = names
        self._scene = scene
        self._found: list[Message] = []
        self._open: dict[str, tuple[int, str]] = {}
        self._ids: set[str] = set()
        # Pictures and files of an answer: they follow it on the other side.
        self._moved: list[Block] = []

    def write(self, turns: list[Turn]) -> list[Message]:
        for turn in turns:
            if turn.role == "assistant":
                self._answer(turn)
            else:
                self._question(turn)
        if self._moved:
            self._side("user").blocks += self._taken()
        return self._found

    def _side(self, role: str) -> Message:
        """The message that goes on, or a new one."""
        if not self._found or self._found[-1].role != role:
            self._found.append(Message(role))
        return self._found[-1]

    def _taken(self) -> list[Block]:
        moved, self._moved = self._moved, []
        return moved

    def _question(self, turn: Turn) -> None:
        blocks = self._taken()
        for part in turn.parts:
            if isinstance(part, ToolResult):
                blocks += self._result(part)
            elif isinstance(part, Text):
                if not parts.blank(part.text):
                    blocks.append(parts.text(f"<system>\n{part.text}\n</system>" if turn.role == "system" else part.text))
            elif isinstance(part, Image | Document):
                blocks.append(parts.media(part))
            else:
                raise InvalidRequest("only the assistant may call tools and reason", param="messages")
        if blocks:
            self._side("user").blocks += blocks

    def _result(self, part: ToolResult) -> list[Block]:
        """Put where its call wants it; what is left for this place: the result of no call, and media of a failure."""
        inside = parts.output(part.parts)
        seat = self._open.pop(part.call_id, None)
        if seat is None:
            return [parts.text("[Result of a call that is not part of this conversation]"), *inside]
        at, wire = seat
        if at + 1 == len(self._found):
            self._found.append(Message("user"))
        made: Block = {"type": "tool_result", "tool_use_id": wire}
        # A failure is told in text only.
        beside = [block for block in inside if block["type"] != "text"] if part.is_error else []
        if content := [block for block in inside if block not in beside]:
            made["content"] = content
        if part.is_error:
            made["is_error"] = True
        self._found[at + 1].results[wire] = made
        return beside

    def _answer(self, turn: Turn) -> None:
        blocks: list[Block] = []
        calls: dict[str, str] = {}
        for part in turn.parts:
            if isinstance(part, ToolCall):
                wire = wire_id(part.id, self._ids)
                self._ids.add(wire)
                calls[part.id] = wire
                blocks.append(parts.use(part, wire, self._names.wire[part.name]))
            else:
                blocks += self._said(part)
        if not blocks:
            return
        self._side("assistant").blocks += blocks
        self._open |= {key: (len(self._found) - 1, wire) for key, wire in calls.items()}

    def _said(self, part: Part) -> list[Block]:
        match part:
            case Text(words):
                return [] if parts.blank(words) else [parts.text(words)]
            case Reasoning():
                made = parts.thought(part, self._scene)
                return [made] if made else []
            case Search():
                return [parts.searched(part)]
            case Image() | Document():
                self._moved.append(parts.media(part))
                return []
        raise InvalidRequest("results of tool calls belong to the user's side", param="messages")


def _end(blocks: list[Block]) -> None:
    """An answer may not end with thinking."""
    while blocks and blocks[-1]["type"] in THINKING:
        blocks.pop()


def _sided(found: list[Message]) -> list[Message]:
    """Sides in turn, the client's first, after what said nothing is gone."""
    made: list[Message] = []
    for message in found:
        if not message.blocks and not message.results:
            continue
        if made and made[-1].role == message.role:
            made[-1].blocks += message.blocks
            made[-1].results |= message.results
        else:
            made.append(message)
    if not made or made[0].role == "assistant":
        made.insert(0, Message("user", [parts.text(SILENCE)]))
    return made


def _answered(found: list[Message]) -> Iterator[Message]:
    """Every call has its result, in the order of the calls."""
    waiting: list[str] = []
    for message in found:
        if message.role == "user":
            message.results = {use: message.results.get(use) or _unanswered(use) for use in waiting}
        waiting = [block["id"] for block in message.blocks if block["type"] == "tool_use"]
        yield message
    if waiting:
        yield Message("user", results={use: _unanswered(use) for use in waiting})


def _unanswered(id: str) -> Block:
    return {"type": "tool_result", "tool_use_id": id, "content": [parts.text(UNANSWERED)], "is_error": True}


THINKING = frozenset({"thinking", "redacted_thinking"})
