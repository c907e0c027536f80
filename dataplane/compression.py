"""Compress: is the conversation over the budget? Then the summarizer may shorten it.

Only the key's reservation is held meanwhile, never an account. Whatever goes wrong, the
conversation passes as it came.
"""

from dataclasses import dataclass

from dataplane.conversation.model import Call
from dataplane.ports import Client, Summarizer
from dataplane.progress import Progress


@dataclass(frozen=True, slots=True)
class Budget:
    """When a conversation goes to the summarizer: above `tokens`, estimated; never when not `enabled`."""

    enabled: bool
    tokens: int

    def exceeded(self, call: Call) -> bool:
        return self.enabled and call.input_estimate > self.tokens


async def compress(summarizer: Summarizer, budget: Budget, call: Call, progress: Progress, client: Client) -> Call:
    """The call to send: a shorter one if the summarizer made one, else `call` itself."""
    if not budget.exceeded(call):
        return call
    shorter = await summarizer.compress(call, progress.key_id, progress.request.id, budget.tokens)
    if shorter is None:
        return call
    client.say("x-headgate-compressed", f"turns={shorter.replaced_turns};saved={shorter.saved_tokens}")
    return shorter.call
