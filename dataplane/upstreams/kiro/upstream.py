"""The Kiro plug-in: a call in, one request and its event stream out."""

from dataplane.conversation.model import Call, Reasoning, Stamp
from dataplane.upstreams.base import Lease, Plan
from dataplane.upstreams.kiro import faults, reasoning, request
from dataplane.upstreams.kiro.decoder import KiroDecoder


class Kiro:
    """Implements dataplane.upstreams.base.Upstream; holds nothing between requests."""

    kind = "kiro"

    def plan(self, call: Call, lease: Lease, stamp: Stamp) -> Plan:
        """One request; a second without earlier reasoning when its signature was refused (R01)."""
        reply = yield request.post(call, lease, stamp)
        if faults.signature_refused(reply) and _signed(call):
            reply = yield request.post(call, lease, stamp, attempt=2)
            reply.dropped = (THINKING[call.family],)
        kind = reply.headers.get("content-type", "")
        if reply.status >= 400 or not kind.startswith(request.CONTENT_TYPE):
            raise faults.refused(reply, call, lease)
        return reply

    def decoder(self, call: Call, lease: Lease) -> KiroDecoder:
        return KiroDecoder(call, lease)

    def dropped(self, call: Call, lease: Lease) -> list[str]:
        """Paths in the client's own spelling, with members that only another family understands."""
        anthropic, sampling = call.family == "anthropic", call.sampling
        paths = [name for name in ("temperature", "top_p", "top_k") if getattr(sampling, name) is not None]
        if sampling.stop:
            paths.append("stop_sequences" if anthropic else "stop")
        if not call.tool_choice.parallel:
            paths.append("tool_choice.disable_parallel_tool_use" if anthropic else "parallel_tool_calls")
        if _unsigned(call):
            paths.append(THINKING[call.family])
        return [*paths, *reasoning.dropped(call, lease.request_fields_schema), *call.extras]


def _signed(call: Call) -> bool:
    """Whether any reasoning was sent along; what is unsigned stays here."""
    parts = (part for turn in call.turns if turn.role == "assistant" for part in turn.parts)
    return any(isinstance(part, Reasoning) and (part.signature or part.redacted) for part in parts)


def _unsigned(call: Call) -> bool:
    """Whether earlier reasoning came without the signature that Kiro wants with it (R01)."""
    parts = (part for turn in call.turns if turn.role == "assistant" for part in turn.parts)
    return any(isinstance(part, Reasoning) and not (part.signature or part.redacted) for part in parts)


# Where the client's protocols keep earlier reasoning.
THINKING = {"anthropic": "messages[].content[].thinking", "openai": "messages[].reasoning_content"}
