"""The site's refusals, failures and broken answers as faults of an attempt."""

import math
from collections.abc import Mapping

from dataplane.conversation.model import Call
from dataplane.errors import UpstreamFault
from dataplane.upstreams.base import Lease, Reply
from dataplane.upstreams.kimi_web import answer, fates
from dataplane.upstreams.kimi_web.answer import Form, Said
from dataplane.upstreams.refusals import DETAIL_CHARACTERS, Fate, Scene

LONGEST_WAIT = 86_400


def refused(reply: Reply, call: Call, lease: Lease) -> UpstreamFault:
    """The fault for a reply that is not the body that was asked for."""
    said = answer.read(reply.body)
    if reply.headers.get("cf-mitigated") == "challenge":
        said.form = Form.CHALLENGE
    fate = fates.classify(reply.status, said)
    return _fault(fate, call, lease, reply.status, said.text, _seconds(reply.headers))


def unfit(said: Said, call: Call, lease: Lease) -> UpstreamFault:
    """The fault for a body with status 200 that is no answer."""
    return _fault(fates.classify(200, said), call, lease, 200, said.text)


def unanswered(fault: UpstreamFault, call: Call, lease: Lease) -> UpstreamFault:
    """The fault for a request that found no answer: the transport's own, unless the site deserves another."""
    fate = fates.UNANSWERED.get(fault.cause)
    return fault if fate is None else _fault(fate, call, lease, fault.status, fault.detail)


def no_model(call: Call, lease: Lease) -> UpstreamFault:
    return _fault(fates.UNKNOWN_MODEL, call, lease, 0, f"no name for {lease.model!r} at the site")


def corrupt(detail: str, call: Call, lease: Lease) -> UpstreamFault:
    return _fault(fates.CORRUPT, call, lease, 200, detail)


def cut(call: Call, lease: Lease) -> UpstreamFault:
    return _fault(fates.CUT, call, lease, 200, "end of the body inside its JSON")


def empty(call: Call, lease: Lease) -> UpstreamFault:
    return _fault(fates.EMPTY, call, lease, 200, "a message without words")


def _fault(fate: Fate, call: Call, lease: Lease, status: int, detail: str, asked: int | None = None) -> UpstreamFault:
    error = fate.error(Scene(call, lease, max(1, asked if asked is not None else fate.wait)))
    detail = detail[:DETAIL_CHARACTERS]
    return UpstreamFault(fate.cause, fate.retry, error, status=status, retry_after=asked, detail=detail)


def _seconds(headers: Mapping[str, str]) -> int | None:
    """What the site asks to wait, rounded up; None for what is no number (a date needs a clock, which is not here)."""
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return math.ceil(min(seconds, LONGEST_WAIT)) if seconds >= 0 else None
