"""Items into turns.

What the assistant's side said item by item without a word in between is one turn; so are results of
tool calls. The order of the client is kept as it is, also where a result does not directly follow its
call: moving results is for upstreams that demand it.
"""

from collections.abc import Callable, Sequence
from typing import Any

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Document, Hit, Image, Media, Reasoning, Search, Text, ToolCall, ToolResult, Turn
from dataplane.dialects.openai import custom, media
from dataplane.dialects.openai.findings import Findings
from dataplane.dialects.openai_responses import content as wire
from dataplane.dialects.openai_responses.names import Names
from dataplane.dialects.openai_responses.recall import Placed
from dataplane.dialects.openai_responses.thoughts import unseal
from dataplane.errors import InvalidRequest
from dataplane.wire.jsontext import dumps
from dataplane.wire.pruning import written

Content = Text | Image | Document

# Anthropic's code, which the canonical conversation uses, for a search of which nothing more is known.
FAILED = "unavailable"
SYSTEM = frozenset({"system", "developer"})
# Beyond the gateway's reach.
NO_FILES = "Uploaded files are not kept here; send the file itself."


class Reader:
    """Reads items one after another into `system`, `turns` and `media`; what has no seat goes to the findings."""

    def __init__(self, findings: Findings, names: Names) -> None:
        self.system: list[str] = []
        self.turns: list[Turn] = []
        self.media: list[Media] = []
        self._findings = findings
        self._names = names
        # The turn that the next item of the same side is added to.
        self._answer: Turn | None = None
        self._results: Turn | None = None

    def read(self, said: Sequence[Placed]) -> None:
        for where, item in said:
            STEPS[type(item)](self, item, where)

    def message(self, item: wire.Message, where: str) -> None:
        """Instructions at the head are the system prompt; later ones stay where they are."""
        content = self._content(item.content, where, "content")
        if item.role == "assistant":
            if content:
                self._answering().parts += content
        elif item.role == "user":
            self._begin(Turn("user", list(content)))
        elif self.turns:
            self._begin(Turn("system", list(texts(content, item.role, where))))
        else:
            self.system += [part.text for part in texts(content, item.role, where)]

    def think(self, item: wire.ReasoningItem, where: str) -> None:
        """Thinking that is proven, else its words, else nothing."""
        summary, full = words(item.summary), words(item.content)
        sealed = item.encrypted_content
        thought = (unseal(summary, sealed) or unseal(full, sealed)) if sealed else None
        if thought is not None:
            self._findings.ask(Feature.REASONING if thought.redacted is None else Feature.REDACTED_REASONING, where)
            self._answering().parts.append(thought)
            return
        if summary or full:
            self._findings.ask(Feature.UNSIGNED_REASONING, where)
            self._answering().parts.append(Reasoning(full or summary))
        if sealed:
            self._findings.drop(f"{where}.encrypted_content" if summary or full else where)

    def call(self, item: wire.FunctionCall, where: str) -> None:
        given = item.arguments
        arguments = dumps(given).decode() if isinstance(given, dict) else given or ""
        self._call(item, arguments, where)

    def custom_call(self, item: wire.CustomCall, where: str) -> None:
        """The free text becomes the one argument `input`."""
        self._call(item, custom.arguments(item.input or ""), where)

    def report(self, item: wire.FunctionCallOutput | wire.CustomCallOutput, where: str) -> None:
        """The result of a call."""
        if not item.call_id:
            raise InvalidRequest("A result must name its call.", param=f"{where}.call_id")
        result = ToolResult(item.call_id, self._content(item.output, where, "output"))
        if self._results is None:
            self._begin(Turn("user"))
            self._results = self.turns[-1]
        self._results.parts.append(result)

    def search(self, item: wire.WebSearchCall, where: str) -> None:
        """A search without its sources must not look as if nothing had been found."""
        action = item.action or wire.Action()
        query = action.query or next(iter(action.queries or ()), "")
        failed = written(item.status) == b'"failed"'
        if not query or (action.sources is None and not failed):
            self._findings.drop(where)
            return
        self._findings.ask(Feature.SEARCH_RESULTS, where)
        hits = [Hit("", source.url) for source in action.sources or () if source.url]
        self._answering().parts.append(Search(item.id or where, query, hits, FAILED if failed else ""))

    def drop(self, _: wire.Unknown, where: str) -> None:
        self._findings.drop(where)

    def skip(self, _: wire.AdditionalTools, where: str) -> None:
        """Read with the tools."""

    def _call(self, item: wire.FunctionCall | wire.CustomCall, arguments: str, where: str) -> None:
        if not item.call_id:
            raise InvalidRequest("A call must have an id.", param=f"{where}.call_id")
        if not item.name:
            raise InvalidRequest("A call must name its tool.", param=f"{where}.name")
        name = self._names.called(item.namespace or "", item.name)
        self._answering().parts.append(ToolCall(item.call_id, name, arguments))

    def _answering(self) -> Turn:
        if self._answer is None:
            self._begin(Turn("assistant"))
            self._answer = self.turns[-1]
        return self._answer

    def _begin(self, turn: Turn) -> None:
        self.turns.append(turn)
        self._answer = self._results = None

    def _content(self, content: str | list[wire.Part] | None, where: str, name: str) -> list[Content]:
        """The parts of a content; empty text is nothing."""
        if not content:
            return []
        if isinstance(content, str):
            return [Text(content)]
        found: list[Content] = []
        for place, part in enumerate(content):
            made = self._part(part, f"{where}.{name}[{place}]")
            if not isinstance(made, Text) or made.text:
                found.append(made)
        return found

    def _part(self, part: wire.Part, where: str) -> Content:
        read = PARTS.get(part.type)
        if read is None:
            raise InvalidRequest(f"Content of type '{part.type[:40]}' is not supported.", param=f"{where}.type")
        made = read(part, where)
        if not isinstance(made, Text):
            self.media.append(made)
            inner = part.image_url.detail if isinstance(part.image_url, wire.ImageUrl) else part.detail
            if written(inner) not in media.USUAL_DETAIL:
                self._findings.drop(f"{where}.detail" if inner is part.detail else f"{where}.image_url.detail")
        return made


def texts(content: Sequence[Content], role: str, where: str) -> list[Text]:
    """A content that can hold nothing but text."""
    found: list[Text] = []
    for place, part in enumerate(content):
        if not isinstance(part, Text):
            raise InvalidRequest(f"A message of role '{role}' can hold text only.", param=f"{where}.content[{place}]")
        found.append(part)
    return found


def words(thoughts: Sequence[wire.Thought] | None) -> str:
    """The paragraphs of a thought."""
    return "\n\n".join([each.text for each in thoughts or () if each.text])


def text(part: wire.Part, where: str) -> Text:
    if part.text is None:
        raise InvalidRequest(f"A part of type '{part.type}' must have a text.", param=f"{where}.text")
    return Text(part.text)


def refusal(part: wire.Part, where: str) -> Text:
    if not part.refusal:
        raise InvalidRequest("A refusal must have a text.", param=f"{where}.refusal")
    return Text(part.refusal)


def image(part: wire.Part, where: str) -> Image:
    """Some clients put an object around the address, as chat completions have it."""
    if part.file_id and not part.image_url:
        raise InvalidRequest(NO_FILES, param=f"{where}.file_id")
    if isinstance(part.image_url, wire.ImageUrl):
        return media.picture(part.image_url.url, f"{where}.image_url.url")
    return media.picture(part.image_url, f"{where}.image_url")


def document(part: wire.Part, where: str) -> Document:
    name = part.filename or ""
    if part.file_data:
        return media.file(part.file_data, name, f"{where}.file_data")
    if part.file_url:
        return Document(url=part.file_url, name=name, where=f"{where}.file_url")
    if part.file_id:
        raise InvalidRequest(NO_FILES, param=f"{where}.file_id")
    raise InvalidRequest("A file must have 'file_data' or a 'file_url'.", param=f"{where}.file_data")


STEPS: dict[type, Callable[[Reader, Any, str], None]] = {
    wire.Message: Reader.message,
    wire.ReasoningItem: Reader.think,
    wire.FunctionCall: Reader.call,
    wire.FunctionCallOutput: Reader.report,
    wire.CustomCall: Reader.custom_call,
    wire.CustomCallOutput: Reader.report,
    wire.WebSearchCall: Reader.search,
    wire.AdditionalTools: Reader.skip,
    wire.Unknown: Reader.drop,
}

PARTS: dict[str, Callable[[wire.Part, str], Content]] = {
    "input_text": text,
    "output_text": text,
    "text": text,
    "refusal": refusal,
    "input_image": image,
    "image_url": image,
    "computer_screenshot": image,
    "input_file": document,
}
