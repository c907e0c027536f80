"""The one exchange that leads to an answer."""

from dataplane.conversation.model import Call, Stamp
from dataplane.errors import UpstreamFault
from dataplane.upstreams.base import Lease, Plan
from dataplane.upstreams.kimi_web import faults, request


def chat(call: Call, lease: Lease, stamp: Stamp) -> Plan:
    """Raises UpstreamFault, and InvalidRequest for what cannot be sent."""
    try:
        reply = yield request.post(call, lease, stamp)
    except UpstreamFault as fault:
        raise faults.unanswered(fault, call, lease) from fault
    if reply.status != 200:
        raise faults.refused(reply, call, lease)
    return reply
