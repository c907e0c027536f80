"""The plug-in for Messages endpoints: a call in, the exchange and the event stream of its answer out."""

from dataplane.conversation.model import Call, Image, Stamp
from dataplane.errors import InvalidRequest
from dataplane.upstreams.anthropic import fidelity, hosts, plan
from dataplane.upstreams.anthropic.answering.decoder import AnthropicDecoder
from dataplane.upstreams.anthropic.asking.request import same
from dataplane.upstreams.base import Lease, MediaRules, Plan


class Anthropic:
    """Implements dataplane.upstreams.base.Upstream; keeps nothing."""

    kind = "anthropic"
    fidelity = fidelity.FIDELITY

    def room(self, lease: Lease) -> None:  # noqa: ARG002 - each request holds its whole conversation
        return None

    def media(self, call: Call, lease: Lease) -> MediaRules | None:
        """What a client of the same protocol sends goes on as it is. Raises InvalidRequest for a picture where the model
        reads only text.
        """
        if same(call):
            return None
        if lease.input_types and "image" not in lease.input_types:
            picture = next((part for part in call.media if isinstance(part, Image)), None)
            if picture is not None:
                raise InvalidRequest(f"the model {call.model!r} does not read pictures", param=picture.where or "messages")
            return TEXT_ONLY
        return MEDIA if hosts.of(lease).media else PICTURES

    def plan(self, call: Call, lease: Lease, stamp: Stamp) -> Plan:
        return plan.messages(call, lease, stamp)

    def decoder(self, call: Call, lease: Lease, stamp: Stamp) -> AnthropicDecoder:  # noqa: ARG002 - no ids are made here
        return AnthropicDecoder(call, lease)

    def dropped(self, call: Call, lease: Lease) -> list[str]:
        return fidelity.dropped(call, lease)


# Sizes as Anthropic's page on vision has them; a page without text could only be shown.
MEDIA = MediaRules(
    formats=frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"}),
    max_base64=5 * 1024 * 1024,
    max_side=8000,
    many=20,
    many_side=2000,
    documents=True,
    urls=True,
)
PICTURES = MediaRules(MEDIA.formats, MEDIA.max_base64, MEDIA.max_side, MEDIA.many, MEDIA.many_side)
TEXT_ONLY = MediaRules(MEDIA.formats, MEDIA.max_base64, MEDIA.max_side, MEDIA.many, MEDIA.many_side, pages=0)
