"""The kimi-web plug-in: a call in, one form post and the one message of its answer out."""

from dataplane.conversation.model import Call, Stamp
from dataplane.upstreams.base import Lease, MediaRules, Plan
from dataplane.upstreams.kimi_web import fidelity, plan
from dataplane.upstreams.kimi_web.decoder import KimiDecoder
from dataplane.upstreams.kimi_web.prompt import most_characters


class KimiWeb:
    """Implements dataplane.upstreams.base.Upstream."""

    kind = "kimi-web"
    fidelity = fidelity.FIDELITY

    def room(self, lease: Lease) -> int:
        """The site's clients are used to naming a user and sending only what is new."""
        return round(most_characters(lease) * ROOM)

    def media(self, call: Call, lease: Lease) -> MediaRules:  # noqa: ARG002 - the same for every call and model
        return TEXT_ONLY

    def plan(self, call: Call, lease: Lease, stamp: Stamp) -> Plan:
        return plan.chat(call, lease, stamp)

    def decoder(self, call: Call, lease: Lease, stamp: Stamp) -> KimiDecoder:  # noqa: ARG002 - nothing of an answer is named here
        return KimiDecoder(call, lease)

    def dropped(self, call: Call, lease: Lease) -> list[str]:  # noqa: ARG002 - the same for every model
        return [*call.dropped, *fidelity.dropped(call)]


# Of the longest prompt: labels between the turns, and lines that look like one, take some of it.
ROOM = 0.95
# The site takes one text: files become text, and pictures are left alone, as they are left out. A page of a
# file that could only be shown has no place.
TEXT_ONLY = MediaRules(formats=frozenset(), max_base64=0, max_side=0, many=0, many_side=0, documents=False, pages=0, pictures=False)
