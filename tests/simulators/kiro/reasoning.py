"""Rules on reasoning that is sent back: only what this account and model signed, unchanged."""

from typing import Any

from tests.simulators.kiro.request import Request
from tests.simulators.kiro.terms import Terms


def forged(request: Request, terms: Terms) -> str | None:
    return _first(request, terms, "forged")


def foreign(request: Request, terms: Terms) -> str | None:
    return _first(request, terms, "foreign")


def _first(request: Request, terms: Terms, wanted: str) -> str | None:
    """Only Claude's signatures are checked; the others pass any payload through."""
    if terms.models[request.model].provider != "ANTHROPIC":
        return None
    for turn in request.assistants:
        if "reasoningContent" in turn.message and _verdict(turn.message["reasoningContent"], terms, request.model) == wanted:
            return f"reasoning in turn {turn.index} is {wanted}"
    return None


def _verdict(content: Any, terms: Terms, model: str) -> str:
    signer = terms.signer(model)
    match content:
        case {"redactedContent": str(data), **rest} if not rest:
            return signer.verify_redacted(data)
        case {"reasoningText": {"text": str(text), "signature": str(signature), **more}, **rest} if not rest and not more:
            return signer.verify(text, signature)
    return "forged"
