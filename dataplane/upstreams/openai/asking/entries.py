"""A conversation in the order that OpenAI demands: each result right after the answer that holds its call.

Clients keep another order now and then (Codex 0.80 puts a text between a call and its result), lose a result, or cut
away the call; a request with any of these is refused whole (client notes, section 2).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from dataplane.conversation.model import Document, Image, Reasoning, Search, Text, ToolCall, ToolResult, Turn

Content = Text | Image | Document

INTERRUPTED = "Error: the call was interrupted, there is no result."
EMPTY = "(no output)"


@dataclass(slots=True)
class Instructed:
    """Instructions in the middle."""

    text: str


@dataclass(slots=True)
class Asked:
    """What the user says and shows."""

    parts: list[Content] = field(default_factory=list)


@dataclass(slots=True)
class Answered:
    """An answer with its calls, and what each of them gave back, None where nothing is known."""

    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    results: list[str | None] = field(default_factory=list)


Entry = Instructed | Asked | Answered


class Arranger:
    """Turns in, entries out. With `late_system`, instructions in the middle keep a place of their own."""

    def __init__(self, *, late_system: bool) -> None:
        self.entries: list[Entry] = []
        self._late_system = late_system
        # The answer that goes on while nobody else speaks.
        self._speaking: Answered | None = None
        # Which answers hold a call of an id.
        self._calls: dict[str, list[Answered]] = {}
        # What an answer shows stands in the user's next turn: answers hold text only.
        self._shown: list[Content] = []

    def add(self, turns: Iterable[Turn]) -> list[Entry]:
        for turn in turns:
            if turn.role == "assistant":
                self._answer(turn)
            elif turn.role == "system" and self._late_system:
                self._instruct(turn)
            else:
                self._ask(turn)
        self._hear([])
        return self.entries

    def _instruct(self, turn: Turn) -> None:
        text = "\n\n".join(part.text for part in turn.parts if isinstance(part, Text) and part.text)
        if text:
            self._speaking = None
            self.entries.append(Instructed(text))

    def _ask(self, turn: Turn) -> None:
        self._speaking = None
        self._hear([content for part in turn.parts for content in self._heard(part)])

    def _heard(self, part: object) -> list[Content]:
        if isinstance(part, ToolResult):
            return self._result(part)
        if isinstance(part, Text):
            return [part] if part.text else []
        return [part] if isinstance(part, Image | Document) else []

    def _hear(self, parts: list[Content]) -> None:
        """Templates of many models want the two sides to take turns, so what the user says stays together."""
        parts, self._shown = self._shown + parts, []
        if not parts:
            return
        last = self.entries[-1] if self.entries else None
        if not isinstance(last, Asked):
            self.entries.append(last := Asked())
        last.parts += parts

    def _answer(self, turn: Turn) -> None:
        if self._speaking is None:
            self._hear([])
            self._speaking = Answered()
            self.entries.append(self._speaking)
        for part in turn.parts:
            match part:
                case Text():
                    self._speaking.texts.append(part.text)
                case Reasoning():
                    self._speaking.thoughts.append(part.text)
                case Search():
                    self._speaking.texts.append(told(part))
                case ToolCall():
                    self._call(self._speaking, part)
                case Image() | Document():
                    self._shown.append(part)
                case ToolResult():
                    self._shown += self._result(part)

    def _call(self, answer: Answered, call: ToolCall) -> None:
        answer.calls.append(call)
        answer.results.append(None)
        self._calls.setdefault(call.id, []).append(answer)

    def _result(self, result: ToolResult) -> list[Content]:
        """Give the result to its call. What of it the user has to say: pictures and files, or all of it."""
        said = [part.text for part in result.parts if isinstance(part, Text) and part.text]
        shown = [part for part in result.parts if not isinstance(part, Text)]
        if self._given(result.call_id, _output(said, shown=bool(shown), failed=result.is_error)):
            return [Text("Pictures and files that a tool gave back:"), *shown] if shown else []
        heading = f"Result of tool call {result.call_id}{' (failed)' if result.is_error else ''}:"
        return [Text("\n".join((heading, *(said or [EMPTY])))), *shown]

    def _given(self, call_id: str, output: str) -> bool:
        """Whether a call waited for it: of several of one id the latest answer's first."""
        for answer in reversed(self._calls.get(call_id, ())):
            for place, call in enumerate(answer.calls):
                if call.id == call_id and answer.results[place] in (None, output):
                    answer.results[place] = output
                    return True
        return False


def _output(said: list[str], *, shown: bool, failed: bool) -> str:
    """A result as text; nothing else in the protocol says that a tool failed."""
    text = "\n\n".join(said) or ("(see the next message of the user)" if shown else EMPTY)
    return f"The tool failed:\n{text}" if failed else text


def told(search: Search) -> str:
    """A search that was made while an earlier answer was written."""
    found = [f"{hit.title or hit.url}\n{hit.url}\n{hit.text}".strip() for hit in search.hits]
    return "\n\n".join([f'[Searched the web for "{search.query}" and found:', *(found or ["nothing"])]) + "]"
