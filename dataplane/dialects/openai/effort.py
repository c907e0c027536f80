"""How hard a model shall think, in one word."""

from typing import Literal

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Thinking
from dataplane.dialects.openai.findings import Findings

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


def effort(word: str, findings: Findings, where: str) -> Thinking | None:
    """Thinking as one word asks for it."""
    if not word:
        return None
    findings.ask(Feature.EFFORT, where)
    return Thinking("disabled" if word == "none" else "enabled", effort=word)
