import json

import pytest

from dataplane.conversation.model import Reasoning, Sampling, Thinking, ToolChoice
from dataplane.errors import Cause, InvalidRequest, UpstreamFault
from dataplane.upstreams.base import Reply, Upstream
from dataplane.upstreams.kiro import Kiro
from tests.dataplane.upstreams.kiro.samples import CLAUDE, STAMP, assistant, call, lease, user

STREAM = Reply(200, {"content-type": "application/vnd.amazon.eventstream"})
UNSIGNED = Reply(400, {}, b'{"message":"Invalid signature in thinking block","reason":"THINKING_SIGNATURE_INVALID"}')


def outcome(plan, *replies):
    """The requests a plan makes, and what it ends with."""
    requests = [next(plan)]
    for reply in replies:
        try:
            requests.append(plan.send(reply))
        except StopIteration as end:
            return requests, end.value
        except UpstreamFault as fault:
            return requests, fault
    raise AssertionError("the plan wants more replies")


def test_one_request_one_stream():
    plugin: Upstream = Kiro()
    (request,), reply = outcome(plugin.plan(call(user("hi")), lease(), STAMP), STREAM)
    assert reply is STREAM
    assert (request.method, request.url, request.streamed) == ("POST", "http://127.0.0.1:1/generateAssistantResponse", True)
    assert json.loads(request.body)["conversationState"]["currentMessage"]["userInputMessage"]["content"] == "hi"


def test_a_type_with_parameters_is_still_a_stream():
    reply = Reply(200, {"content-type": "application/vnd.amazon.eventstream; charset=utf-8"})
    assert outcome(Kiro().plan(call(user("hi")), lease(), STAMP), reply)[1] is reply


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (Reply(429, {}, b"{}"), Cause.THROTTLED),
        (Reply(200, {"content-type": "application/json"}), Cause.CORRUPT),
        (Reply(204, {}), Cause.CORRUPT),
        (UNSIGNED, Cause.BAD_REQUEST),
    ],
)
def test_other_replies_are_faults(reply, cause):
    requests, fault = outcome(Kiro().plan(call(user("hi"), assistant(Reasoning("unsigned"), "a"), user("b")), lease(), STAMP), reply)
    assert (len(requests), fault.cause) == (1, cause)


def signed():
    return call(user("a"), assistant(Reasoning("t", "s"), "b"), user("c"))


def test_refused_signatures_are_left_out_once():
    stream = Reply(STREAM.status, STREAM.headers)
    requests, reply = outcome(Kiro().plan(signed(), lease(), STAMP), UNSIGNED, stream)
    assert reply is stream
    assert reply.dropped == ("messages[].content[].thinking",)
    assert [b"reasoningContent" in request.body for request in requests] == [True, False]
    first, second = (json.loads(request.body)["conversationState"] for request in requests)
    del first["history"][1]["assistantResponseMessage"]["reasoningContent"]
    assert first == second
    assert [request.headers["amz-sdk-request"][:9] for request in requests] == ["attempt=1", "attempt=2"]
    assert outcome(Kiro().plan(signed(), lease(), STAMP), UNSIGNED, UNSIGNED)[1].cause is Cause.BAD_REQUEST


def test_what_cannot_be_sent_is_refused_before_any_request():
    with pytest.raises(InvalidRequest):
        next(Kiro().plan(call(), lease(), STAMP))


@pytest.mark.parametrize(
    ("family", "stop", "parallel"),
    [("anthropic", "stop_sequences", "tool_choice.disable_parallel_tool_use"), ("openai", "stop", "parallel_tool_calls")],
)
def test_what_has_no_seat_is_told(family, stop, parallel):
    asked = call(
        user("hi"), family=family, sampling=Sampling(max_tokens=100, temperature=0.0, top_p=0.5, top_k=3, stop=["X"]),
        tool_choice=ToolChoice(parallel=False), thinking=Thinking("adaptive"), extras={"service_tier": b'"auto"'},
    )  # fmt: skip
    found = Kiro().dropped(asked, lease())
    thinking = "thinking" if family == "anthropic" else "reasoning_effort"
    assert found == ["temperature", "top_p", "top_k", stop, parallel, "max_tokens", thinking, "service_tier"]
    assert Kiro().dropped(asked, lease(request_fields_schema=CLAUDE)) == [
        "temperature",
        "top_p",
        "top_k",
        stop,
        parallel,
        "max_tokens",
        "service_tier",
    ]


@pytest.mark.parametrize(("family", "path"), [("anthropic", "messages[].content[].thinking"), ("openai", "messages[].reasoning_content")])
def test_reasoning_that_nobody_signed_is_left_out_and_told(family, path):
    asked = call(user("a"), assistant(Reasoning("unsigned"), "b"), user("c"), family=family)
    assert Kiro().dropped(asked, lease()) == [path]
    assert Kiro().dropped(signed(), lease()) == []


def test_nothing_lost_nothing_told():
    assert Kiro().dropped(call(user("hi")), lease()) == []
