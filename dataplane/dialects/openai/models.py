"""The model list in OpenAI's shape, with the two figures beside it that clients ask gateways for."""

from collections.abc import Iterable
from typing import Any

from dataplane.dialects.base import Listed
from dataplane.wire.jsontext import dumps


def models(listed: Iterable[Listed]) -> bytes:
    """The answer to GET /v1/models; OpenAI's list is one page."""
    return dumps({"object": "list", "data": [entry(each) for each in listed]})


def model(listed: Listed) -> bytes:
    """The answer to GET /v1/models/{name}."""
    return dumps(entry(listed))


def entry(listed: Listed) -> dict[str, Any]:
    """One model under its public name; a figure that is not known is null."""
    name, facts = listed
    return {
        "id": name,
        "object": "model",
        "created": facts.created,
        "owned_by": facts.kind,
        "context_window": facts.context_window or None,
        "max_output_tokens": facts.max_output or None,
    }
