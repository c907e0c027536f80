"""Messages into turns.

The order of the client is kept as it is, also where a tool's result does not directly follow its
call (Codex 0.80 puts a text between them): moving results is for upstreams that demand it.
"""

from collections.abc import Callable, Sequence

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Document, Image, Media, Part, Reasoning, Text, ToolCall, ToolResult, Turn
from dataplane.dialects.openai import custom, media
from dataplane.dialects.openai.findings import Findings
from dataplane.dialects.openai_chat import body as wire
from dataplane.errors import InvalidRequest
from dataplane.wire.jsontext import dumps, loads
from dataplane.wire.pruning import RawMember, asks, written

Content = Text | Image | Document


class Reader:
    """Reads messages one after another into `system`, `turns` and `media`; what has no seat goes to the findings."""

    def __init__(self, findings: Findings) -> None:
        self.system: list[str] = []
        self.turns: list[Turn] = []
        self.media: list[Media] = []
        self._findings = findings
        # The user turn that the results of consecutive tool messages share.
        self._results: Turn | None = None
        # Ids for calls of the old form, which has none: by function name, the latest call.
        self._unnamed: dict[str, str] = {}

    def read(self, messages: Sequence[wire.Message]) -> None:
        for index, message in enumerate(messages):
            ROLES[message.role](self, message, index)
            if message.name or message.audio:
                self._drop(message, index)

    def instruct(self, message: wire.Message, index: int) -> None:
        """Instructions at the head are the system prompt; later ones stay where they are."""
        texts = self._texts(message, index)
        if not self.turns:
            self.system += [part.text for part in texts]
        elif texts:
            self._turn(Turn("system", list(texts)))

    def ask(self, message: wire.Message, index: int) -> None:
        self._turn(Turn("user", list(self._content(message, index))))

    def answer(self, message: wire.Message, index: int) -> None:
        parts: list[Part] = []
        if message.reasoning_content or asks(message.reasoning):
            self._think(message, index, parts)
        if message.content:
            parts += self._content(message, index)
        if message.refusal:
            parts.append(Text(message.refusal))
        if message.tool_calls:
            parts += [tool_call(item, index, place) for place, item in enumerate(message.tool_calls)]
        if message.function_call is not None:
            parts.append(self._unnamed_call(message.function_call, index))
        self._turn(Turn("assistant", parts))

    def report(self, message: wire.Message, index: int) -> None:
        """The result of a tool call."""
        if not message.tool_call_id:
            raise InvalidRequest("A tool message must name its call in 'tool_call_id'.", param=f"messages[{index}].tool_call_id")
        self._result(message.tool_call_id, message, index)

    def report_unnamed(self, message: wire.Message, index: int) -> None:
        """The result of a call of the old form: it names the function."""
        name, message.name = message.name, None
        if not name:
            raise InvalidRequest("A function message must name its function.", param=f"messages[{index}].name")
        self._result(self._unnamed.get(name) or f"call_{index}", message, index)

    def _turn(self, turn: Turn) -> None:
        self.turns.append(turn)
        self._results = None

    def _result(self, call_id: str, message: wire.Message, index: int) -> None:
        result = ToolResult(call_id, self._content(message, index))
        if self._results is None:
            results = Turn("user")
            self._turn(results)
            self._results = results
        self._results.parts.append(result)

    def _unnamed_call(self, call: wire.FunctionCall, index: int) -> ToolCall:
        made = ToolCall(f"call_{index}", call.name, arguments(call))
        if not call.name:
            raise InvalidRequest("A function call must name its function.", param=f"messages[{index}].function_call.name")
        self._unnamed[call.name] = made.id
        return made

    def _think(self, message: wire.Message, index: int, parts: list[Part]) -> None:
        """Signatures have no seat in this protocol, so no thinking that comes back is proven."""
        name, thoughts = "reasoning_content", message.reasoning_content
        if not thoughts:
            name, thoughts = "reasoning", words(message.reasoning)
        if thoughts:
            parts.append(Reasoning(thoughts))
            self._findings.ask(Feature.UNSIGNED_REASONING, f"messages[{index}].{name}")
        else:
            self._findings.drop(f"messages[{index}].{name}")

    def _texts(self, message: wire.Message, index: int) -> list[Text]:
        """The content of a message that can hold nothing but text."""
        texts: list[Text] = []
        for place, part in enumerate(self._content(message, index)):
            if not isinstance(part, Text):
                raise InvalidRequest(f"A message of role '{message.role}' can hold text only.", param=f"messages[{index}].content[{place}]")
            texts.append(part)
        return texts

    def _content(self, message: wire.Message, index: int) -> list[Content]:
        """The parts of a message's content; empty text is nothing."""
        content = message.content
        if not content:
            return []
        if isinstance(content, str):
            return [Text(content)]
        found: list[Content] = []
        for place, part in enumerate(content):
            if part.type == "text" and part.text is not None:
                made: Content = Text(part.text)
            else:
                made = self._part(part, f"messages[{index}].content[{place}]")
            if not isinstance(made, Text) or made.text:
                found.append(made)
        return found

    def _part(self, part: wire.Part, where: str) -> Content:
        read = PARTS.get(part.type)
        if read is None:
            raise InvalidRequest(f"Content of type '{part.type[:40]}' is not supported.", param=f"{where}.type")
        if isinstance(part.image_url, wire.ImageUrl) and written(part.image_url.detail) not in media.USUAL_DETAIL:
            self._findings.drop(f"{where}.image_url.detail")
        made = read(part, where)
        if not isinstance(made, Text):
            self.media.append(made)
        return made

    def _drop(self, message: wire.Message, index: int) -> None:
        if message.name:
            self._findings.drop(f"messages[{index}].name")
        if asks(message.audio):
            self._findings.drop(f"messages[{index}].audio")


def tool_call(item: wire.ToolCallItem, index: int, place: int) -> ToolCall:
    """A call of an earlier answer. A custom tool's free text becomes the one argument `input`."""
    function, freeform = item.function, item.custom
    if item.id and function is not None and function.name:
        return ToolCall(item.id, function.name, arguments(function))
    if item.id and freeform is not None and freeform.name:
        return ToolCall(item.id, freeform.name, custom.arguments(freeform.input))
    where = f"messages[{index}].tool_calls[{place}]"
    if not item.id:
        raise InvalidRequest("A tool call must have an id.", param=f"{where}.id")
    raise InvalidRequest("A tool call must name its function.", param=f"{where}.function.name")


def arguments(call: wire.FunctionCall) -> str:
    """The arguments as JSON text."""
    if isinstance(call.arguments, dict):
        return dumps(call.arguments).decode()
    return call.arguments or ""


def words(member: RawMember) -> str:
    """The text of a member that may hold anything, "" when it holds no text."""
    raw = written(member)
    return str(loads(raw)) if raw.startswith(b'"') else ""


def text(part: wire.Part, where: str) -> Text:
    if part.text is None:
        raise InvalidRequest(f"A part of type '{part.type}' must have a text.", param=f"{where}.text")
    return Text(part.text)


def refusal(part: wire.Part, where: str) -> Text:
    if not part.refusal:
        raise InvalidRequest("A refusal must have a text.", param=f"{where}.refusal")
    return Text(part.refusal)


def image(part: wire.Part, where: str) -> Image:
    """A picture by its web address, or as a data URL; some clients leave out the object around the address."""
    url = part.image_url.url if isinstance(part.image_url, wire.ImageUrl) else part.image_url
    return media.picture(url, where + (".image_url.url" if isinstance(part.image_url, wire.ImageUrl) else ".image_url"))


def document(part: wire.Part, where: str) -> Document:
    """A file in base64, as a data URL or bare; files kept by a provider are out of reach here."""
    file = part.file
    if file is None or not file.file_data:
        name = "file_id" if file is not None and file.file_id else "file_data"
        raise InvalidRequest("A file must be sent whole in 'file_data'; uploaded files are not kept.", param=f"{where}.file.{name}")
    return media.file(file.file_data, file.filename or "", f"{where}.file.file_data")


def audio(_: wire.Part, where: str) -> Content:
    raise InvalidRequest("Audio input is not supported.", param=where)


ROLES: dict[str, Callable[[Reader, wire.Message, int], None]] = {
    "system": Reader.instruct,
    "developer": Reader.instruct,
    "user": Reader.ask,
    "assistant": Reader.answer,
    "tool": Reader.report,
    "function": Reader.report_unnamed,
}

PARTS: dict[str, Callable[[wire.Part, str], Content]] = {
    "text": text,
    "input_text": text,
    "output_text": text,
    "refusal": refusal,
    "image_url": image,
    "file": document,
    "input_audio": audio,
}
