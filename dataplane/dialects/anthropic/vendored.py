"""What an endpoint of the same protocol said in words of its own, written out for the client as it was said.

Most of it are whole content blocks. Three pieces are parts of something: a text that begins (its words follow as
usual), a citation of the text that is open, and what the end of the message says beside its reason.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from dataplane.conversation.events import Vendor
from dataplane.conversation.model import Reasoning, Search, Text, ToolCall
from dataplane.dialects.anthropic.parse import FAMILY
from dataplane.wire.jsontext import Raw, dumps, loads

TEXT = "text"
CITATION = "citations_delta"
END = "message_delta"

Part = Text | Reasoning | ToolCall | Search | Vendor


class _Kind(msgspec.Struct, gc=False):
    type: str = ""


_kind = msgspec.json.Decoder(_Kind).decode
_members = msgspec.json.Decoder(dict[str, Raw]).decode


def kind(event: Vendor) -> str:
    """The type of what was said, "" for another family's."""
    return _kind(event.data).type if event.family == FAMILY else ""


def streamed(data: bytes) -> tuple[bytes, str]:
    """A block as it begins, and its input as a delta, "" for none: clients read the input of a block nowhere else."""
    members = _members(data)
    text = str(members.get("input", b"{}"), "utf-8")
    if text in {"{}", "null"}:
        return data, ""
    return dumps({**members, "input": Raw(b"{}")}), text


def ending(event: Vendor) -> dict[str, Any]:
    """Members of the last message_delta's delta."""
    found: dict[str, Any] = loads(event.data)
    del found["type"]
    return found


def endings(parts: Iterable[Part]) -> dict[str, Any]:
    """The same for a whole answer."""
    return {name: value for part in parts if isinstance(part, Vendor) and kind(part) == END for name, value in ending(part).items()}


def cited(blocks: Iterable[Any]) -> list[Any]:
    """Blocks of a whole answer, with texts and their citations joined where they were said in pieces."""
    found: list[Any] = []
    # The text that words and citations belong to.
    text: dict[str, Any] | None = None
    for block in blocks:
        piece = loads(bytes(block)) if isinstance(block, Raw) else block
        if piece["type"] == CITATION:
            if text is None:
                text = {"type": TEXT, "text": ""}
                found.append(text)
            text["citations"] = [*(text.get("citations") or ()), piece["citation"]]
        elif piece["type"] == TEXT and not isinstance(block, Raw) and text is not None:
            text["text"] += piece["text"]
        elif piece["type"] != END:
            text = piece if piece["type"] == TEXT else None
            found.append(block if text is None else text)
    return [block for block in found if not isinstance(block, dict) or block.get("text") != ""]
