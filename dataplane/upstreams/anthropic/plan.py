"""The exchange that leads to an answer, and what is mended when the endpoint refuses: each flaw once.

A strict key's request is not sent, and so not paid for, where it is known that something of it would be left out.
"""

from dataclasses import replace

from dataplane.conversation.model import Call, Stamp
from dataplane.errors import Cause
from dataplane.upstreams import refusals
from dataplane.upstreams.anthropic import faults, fidelity
from dataplane.upstreams.anthropic.asking.body import PLAIN, Form
from dataplane.upstreams.anthropic.asking.request import post, same
from dataplane.upstreams.anthropic.fates import Flaw, Words, classify, flaw
from dataplane.upstreams.base import HttpRequest, Lease, Plan


def messages(call: Call, lease: Lease, stamp: Stamp) -> Plan:
    """Raises UpstreamFault, and InvalidRequest for what cannot be sent."""
    form = PLAIN
    made, lost = _made(call, lease, form)
    while True:
        refusals.heed_strict(lease, lost)
        reply = yield made
        if reply.status < 400 and "html" not in reply.headers.get("content-type", ""):
            reply.endpoint, reply.dropped = lease.base_urls[0], tuple(lost)
            return reply
        mended = _mended(form, reply.status, faults.said(reply), call)
        before = made.body
        if mended != form:
            made, lost = _made(call, lease, mended)
        if made.body == before:
            raise faults.refused(reply, call, lease, stamp)
        form = mended


def _made(call: Call, lease: Lease, form: Form) -> tuple[HttpRequest, list[str]]:
    """The request, and what of the client's body is left out beside what `fidelity.dropped` tells."""
    made, lost = post(call, lease, form)
    if form == PLAIN or (form.raw and same(call)):
        return made, lost
    told = fidelity.dropped(call, lease)
    return made, [path for path in fidelity.left(call, lease, form) if path not in told]


def _mended(form: Form, status: int, words: Words, call: Call) -> Form:
    """`form` itself where nothing can be mended. The last resort, where nobody knows what is wrong with the client's own
    body, is another one that says the same.
    """
    found = flaw(status, words)
    if found is Flaw.THINKING:
        return replace(form, signed=False)
    rejected = status == 400 and classify(status, words).cause is Cause.BAD_REQUEST
    if found is Flaw.SEARCH or (rejected and same(call) and not call.dropped):
        return replace(form, raw=False)
    return form
