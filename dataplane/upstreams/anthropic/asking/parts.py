"""Parts of a turn as content blocks."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dataplane.conversation.model import Document, Image, Reasoning, Search, Text, ToolCall
from dataplane.errors import InvalidRequest
from dataplane.upstreams import provenance
from dataplane.upstreams.anthropic.hosts import Host
from dataplane.wire import jsontext

Block = dict[str, Any]

PDF = "application/pdf"


@dataclass(slots=True)
class Scene:
    """Where blocks go. `origin`: whose signatures count there. With `signed` off, no earlier thinking is sent."""

    host: Host
    origin: str
    signed: bool = True


def blank(text: str) -> bool:
    """The API refuses texts in which nobody would see anything."""
    return not text or text.isspace()


def text(text: str) -> Block:
    return {"type": "text", "text": text}


def picture(part: Image) -> Block:
    if part.url:
        return {"type": "image", "source": {"type": "url", "url": part.url}}
    return {"type": "image", "source": {"type": "base64", "media_type": part.media_type, "data": part.data}}


def document(part: Document) -> Block:
    """Raises InvalidRequest for what is neither text nor PDF."""
    made: Block = {"type": "document", "source": _source(part)}
    if part.name:
        made["title"] = part.name
    return made


def _source(part: Document) -> Block:
    if part.url:
        return {"type": "url", "url": part.url}
    if part.data and part.media_type == PDF:
        return {"type": "base64", "media_type": PDF, "data": part.data}
    return {"type": "text", "media_type": "text/plain", "data": _words(part) if part.data else part.text}


def _words(part: Document) -> str:
    try:
        return base64.b64decode(part.data).decode()
    except ValueError:
        told = f"{part.where or 'file'}: a file of type {part.media_type or 'unknown'} cannot be read; send a PDF or text"
        raise InvalidRequest(told, param=part.where or None) from None


def media(part: Image | Document) -> Block:
    return picture(part) if isinstance(part, Image) else document(part)


def output(parts: Sequence[Text | Image | Document]) -> list[Block]:
    """What a call gave back."""
    found = []
    for part in parts:
        if not isinstance(part, Text):
            found.append(media(part))
        elif not blank(part.text):
            found.append(text(part.text))
    return found


def use(part: ToolCall, id: str, name: str) -> Block:
    return {"type": "tool_use", "id": id, "name": name, "input": arguments(part.arguments)}


def arguments(text: str) -> jsontext.Raw:
    """The arguments of an earlier call as an object, whatever the client sent: the call was made, and its result
    tells the model what was wrong with it.
    """
    if blank(text):
        return jsontext.Raw(b"{}")
    for data in (text.encode("utf-8", "replace"), jsontext.mend(text.encode("utf-8", "replace"))):
        try:
            found = jsontext.loads(data)
        except (ValueError, RecursionError):
            continue
        return jsontext.Raw(data if isinstance(found, dict) else b'{"value":' + data + b"}")
    return jsontext.Raw(jsontext.dumps({"_raw": text.encode("utf-8", "replace").decode()}))


def thought(part: Reasoning, scene: Scene) -> Block | None:
    """Earlier thinking, None where it may not be sent: signed elsewhere, or not at all."""
    if not scene.signed:
        return None
    if part.redacted:
        data = own(part.redacted, scene.origin)
        return {"type": "redacted_thinking", "data": data} if data else None
    signature = own(part.signature, scene.origin) if part.signature else None
    if signature is None and (scene.host.signs or part.signature):
        return None
    return {"type": "thinking", "thinking": part.text, "signature": signature or ""}


def own(marked: str, origin: str) -> str | None:
    """A signature as the host made it; one without any tag is from before the gateway and may well be its own."""
    if not marked.startswith(f"{provenance.VERSION}."):
        return marked or None
    return provenance.bare(marked, origin)


def searched(part: Search) -> Block:
    """A search that somebody else made, in words: its pages are in nobody's encryption."""
    lines = [f"Searched the web for: {part.query}"]
    for hit in part.hits:
        lines += filter(None, (f"{hit.title}\n{hit.url}", hit.age, hit.text))
    if part.error or not part.hits:
        lines.append(f"The search failed: {part.error}" if part.error else "Nothing was found.")
    return text("\n\n".join(lines))
