"""The OpenAI plug-in: a call in, the exchange and the stream of its answer out."""

from functools import partial

from dataplane.conversation.model import Call, Stamp
from dataplane.upstreams.base import Lease, MediaRules, Plan
from dataplane.upstreams.openai import fidelity, media, plan
from dataplane.upstreams.openai.answering.decoder import OpenAIDecoder


class OpenAI:
    """Implements dataplane.upstreams.base.Upstream; keeps what refusals taught."""

    kind = "openai"
    fidelity = fidelity.FIDELITY

    def __init__(self) -> None:
        self._memory = plan.Memory()

    def room(self, lease: Lease) -> None:  # noqa: ARG002 - each request holds its whole conversation
        return None

    def media(self, call: Call, lease: Lease) -> MediaRules | None:
        """Raises InvalidRequest for a picture where the model reads only text."""
        return media.rules(call, lease, self._memory.quirks(lease))

    def plan(self, call: Call, lease: Lease, stamp: Stamp) -> Plan:
        return plan.chat(call, lease, stamp, self._memory)

    def decoder(self, call: Call, lease: Lease, stamp: Stamp) -> OpenAIDecoder:
        return OpenAIDecoder(call, lease, stamp, partial(self._memory.used, stamp))

    def dropped(self, call: Call, lease: Lease) -> list[str]:
        return fidelity.dropped(call, lease, self._memory.quirks(lease))
