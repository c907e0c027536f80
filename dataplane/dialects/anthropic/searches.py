"""A web search as the two blocks of the Messages API, there and back.

`encrypted_content` is for nobody but the provider. Ours is the page's text in base64, so that the
next request brings back what the model was shown.
"""

import base64
import re
from typing import Any

import msgspec

from dataplane.conversation.model import Hit, Search
from dataplane.dialects.anthropic import content as wire
from dataplane.errors import InvalidRequest
from dataplane.wire import jsontext

NAME = "web_search"
# Anthropic's code for a search of which nothing is known.
UNKNOWN = "unavailable"

# The form that clients' own checks expect of such an id.
_ID = re.compile(r"srvtoolu_[A-Za-z0-9_]+")
_WORD = re.compile(r"[A-Za-z0-9_]+")


class _Arguments(msgspec.Struct, gc=False):
    query: str = ""


_decode_arguments = msgspec.json.Decoder(_Arguments).decode


def use_id(id: str) -> str:
    """A search's id as clients know it; one that came from a client stays as it was."""
    if _ID.fullmatch(id):
        return id
    return f"srvtoolu_{id if _WORD.fullmatch(id) else id.encode().hex()}"


def arguments(search: Search) -> bytes:
    """The input of the call, as JSON text."""
    return jsontext.dumps({"query": search.query})


def result(search: Search) -> dict[str, Any]:
    """The block with what was found, or why nothing was."""
    content: Any = [_result(hit) for hit in search.hits]
    if search.error:
        content = {"type": "web_search_tool_result_error", "error_code": search.error}
    return {"type": "web_search_tool_result", "tool_use_id": use_id(search.id), "content": content}


def _result(hit: Hit) -> dict[str, Any]:
    return {
        "type": "web_search_result",
        "title": hit.title,
        "url": hit.url,
        "encrypted_content": base64.b64encode(hit.text.encode()).decode(),
        "page_age": hit.age or None,
    }


def asked(raw: jsontext.Raw, place: str) -> str:
    """The query of a call whose input is at `place`. Raises InvalidRequest."""
    try:
        return _decode_arguments(raw).query
    except jsontext.ValidationError:
        raise InvalidRequest(f"{place}: must be an object with a text as query", param=place) from None


def hit(found: wire.WebSearchResult) -> tuple[Hit, bool]:
    """A result, and whether its text could be read: only ours can, another provider's is encrypted indeed."""
    try:
        text, readable = base64.b64decode(found.encrypted_content or "", validate=True).decode(), True
    except ValueError:
        text, readable = "", False
    return Hit(found.title or "", found.url, text, found.page_age or ""), readable
