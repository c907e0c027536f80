"""Entries as the messages of a body."""

from typing import Any

import msgspec

from dataplane.conversation.model import Call, Document, Image, Text, ToolCall
from dataplane.upstreams.openai.asking.entries import INTERRUPTED, Answered, Arranger, Asked, Content, Entry, Instructed
from dataplane.upstreams.openai.asking.names import ID_LENGTH, Names, free
from dataplane.upstreams.openai.quirks import Quirks
from dataplane.wire import jsontext

Message = dict[str, Any]

# Stands for thinking that must be sent back and is not there any more.
UNKEPT = "(This thinking was not kept.)"
# A conversation without a word, which is no conversation there.
SILENCE = "(no message)"


class Writer:
    """Writes the messages of one request."""

    def __init__(self, call: Call, quirks: Quirks, names: Names) -> None:
        self._quirks = quirks
        self._names = names
        self._everywhere = quirks.echo == "tools" and bool(call.tools)
        self._ids: set[str] = set()
        self.messages: list[Message] = []

    def write(self, system: list[str], entries: list[Entry]) -> list[Message]:
        if text := "\n\n".join(filter(None, system)):
            self.messages.append({"role": "system", "content": text})
        for entry in entries:
            match entry:
                case Instructed():
                    self.messages.append({"role": "system", "content": entry.text})
                case Asked():
                    self.messages.append({"role": "user", "content": content(entry.parts)})
                case Answered():
                    self._answer(entry)
        if all(message["role"] == "system" for message in self.messages):
            self.messages.append({"role": "user", "content": SILENCE})
        return self.messages

    def _answer(self, answer: Answered) -> None:
        text = "\n\n".join(filter(None, answer.texts))
        if not text and not answer.calls:
            return
        message: Message = {"role": "assistant", "content": text or None}
        if thought := self._thought(answer):
            message["reasoning_content"] = thought
        self.messages.append(message)
        if not answer.calls:
            return
        ids = [self._id(call) for call in answer.calls]
        message["tool_calls"] = [self._call(name, call) for name, call in zip(ids, answer.calls, strict=True)]
        for name, result in zip(ids, answer.results, strict=True):
            self.messages.append({"role": "tool", "tool_call_id": name, "content": result or INTERRUPTED})

    def _thought(self, answer: Answered) -> str:
        if not self._quirks.echo:
            return ""
        return "\n\n".join(filter(None, answer.thoughts)) or (UNKEPT if answer.calls or self._everywhere else "")

    def _id(self, call: ToolCall) -> str:
        """One of its own for each call of the conversation."""
        name = call.id
        if not 1 <= len(name) <= ID_LENGTH or name in self._ids:
            name = free(name, self._ids, ID_LENGTH)
        self._ids.add(name)
        return name

    def _call(self, id: str, call: ToolCall) -> dict[str, Any]:
        return {"id": id, "type": "function", "function": {"name": self._names.wire[call.name], "arguments": arguments(call.arguments)}}


def messages(call: Call, quirks: Quirks, names: Names, words: list[str]) -> list[Message]:
    """`words` are instructions of the gateway's own, for what has no member."""
    entries = Arranger(late_system=quirks.late_system).add(call.turns)
    return Writer(call, quirks, names).write([*call.system, *words], entries)


def content(parts: list[Content]) -> str | list[dict[str, Any]]:
    """Text alone as one string, which every endpoint reads."""
    if all(isinstance(part, Text) for part in parts):
        return "\n\n".join(part.text for part in parts if isinstance(part, Text))
    return [_part(part) for part in parts]


def _part(part: Content) -> dict[str, Any]:
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Image():
            return {"type": "image_url", "image_url": {"url": part.url or f"data:{part.media_type};base64,{part.data}"}}
        case Document(data=""):
            return {"type": "text", "text": f"{part.name}\n\n{part.text}".strip() or SILENCE}
        case Document():
            file = {"filename": part.name or "document.pdf", "file_data": f"data:{part.media_type};base64,{part.data}"}
            return {"type": "file", "file": file}


def arguments(text: str) -> str:
    """The arguments of an earlier call; endpoints parse them, so what is no object is put into one."""
    if not text or text.isspace():
        return "{}"
    try:
        _object(text)
    except (ValueError, RecursionError):
        return jsontext.dumps({"arguments": text}).decode()
    return text


_object = msgspec.json.Decoder(dict[str, jsontext.Raw]).decode
