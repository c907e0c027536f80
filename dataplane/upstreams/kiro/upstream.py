"""The Kiro plug-in: a call in, the exchanges and the event stream of its answer out."""

from dataclasses import replace
from functools import partial

from dataplane.conversation.model import Call, Image, Stamp
from dataplane.errors import InvalidRequest
from dataplane.upstreams.base import Lease, MediaRules, Plan
from dataplane.upstreams.kiro import fidelity, plan
from dataplane.upstreams.kiro.answering.decoder import KiroDecoder


class Kiro:
    """Implements dataplane.upstreams.base.Upstream; keeps what refusals taught."""

    kind = "kiro"
    fidelity = fidelity.FIDELITY

    def __init__(self) -> None:
        self._memory = plan.Memory()

    def room(self, lease: Lease) -> None:  # noqa: ARG002 - each request holds its whole conversation
        return None

    def media(self, call: Call, lease: Lease) -> MediaRules:
        """Raises InvalidRequest for a picture where the model reads only text (I09)."""
        if lease.input_types and "image" not in lease.input_types:
            picture = next((part for part in call.media if isinstance(part, Image)), None)
            if picture is not None:
                raise InvalidRequest(f"the model {call.model!r} does not read pictures", param=picture.where or "messages")
            return TEXT_ONLY
        return MEDIA

    def plan(self, call: Call, lease: Lease, stamp: Stamp) -> Plan:
        return plan.chat(call, lease, stamp, self._memory)

    def decoder(self, call: Call, lease: Lease, stamp: Stamp) -> KiroDecoder:
        chat = partial(plan.chat, lease=lease, stamp=stamp, memory=self._memory)
        return KiroDecoder(call, lease, stamp, chat, self._memory.known)

    def dropped(self, call: Call, lease: Lease) -> list[str]:
        return [*call.dropped, *fidelity.dropped(call, lease)]


# Sizes as the service refuses them (I02, I04, I05); it has no seat for documents (I08).
MEDIA = MediaRules(
    formats=frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"}),
    max_base64=5 * 1024 * 1024,
    max_side=8000,
    many=20,
    many_side=2000,
    documents=False,
    pages=20,
)
# A page without text could only be shown.
TEXT_ONLY = replace(MEDIA, pages=0)
