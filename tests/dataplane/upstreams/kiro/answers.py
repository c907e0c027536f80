"""What the tests of Kiro's answers look at."""

from dataclasses import replace

import pytest

from dataplane.conversation.events import Finished, ReasoningSigned, Started, UsageSeen
from dataplane.conversation.model import Sampling, ToolChoice
from dataplane.errors import UpstreamFault
from dataplane.upstreams.kiro.provenance import bare
from tests.dataplane.chunking import cuttings
from tests.dataplane.upstreams.kiro.samples import call, decoded, lease, user


def content(events):
    """Without the opening and the closing, and signatures without the tag of their origin."""
    found = [event for event in events if not isinstance(event, Started | UsageSeen | Finished)]
    return [replace(event, signature=bare(event.signature, lease())) if isinstance(event, ReasoningSigned) else event for event in found]


def finish(events):
    return events[-1].reason


def usage(events):
    return events[-2].usage


def fault(data, asked=None, **more):
    """The fault of a stream, the same however it is cut; with what came out before it."""
    found = []
    for pieces in cuttings(data):
        with pytest.raises(UpstreamFault) as raised:
            decoded(pieces, asked, **more)
        found.append((raised.value.cause, raised.value.retry, raised.value.retry_after, raised.value.detail))
    assert len(set(found)) == 1
    return raised.value


def sampled(*turns, form=None, choice=None, thinking=None, **sampling):
    return call(
        *turns or (user("hi"),), sampling=Sampling(**sampling), output_format=form, tool_choice=choice or ToolChoice(), thinking=thinking
    )
