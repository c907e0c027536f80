import json

import pytest

from dataplane.conversation.events import TextDelta
from dataplane.conversation.model import Stamp
from dataplane.errors import Cause, ContextTooLong, GatewayError, InvalidRequest, Retry, UpstreamFault
from dataplane.upstreams.base import Credential
from dataplane.upstreams.openai import OpenAI
from tests.dataplane.upstreams.openai.samples import STAMP, STOP, chat, lease, messages, reply, say, sse

GOOD = reply(200, content_type="text/event-stream; charset=utf-8")


def refusal(message, status=400, **more):
    return reply(status, {"error": {"message": message, "type": "invalid_request_error", **more}})


def carried(asked, *answers, place="generic", upstream=None, **more):
    """The requests that were made, and the reply or the fault at the end."""
    plan = (upstream or OpenAI()).plan(asked, lease(place, **more), STAMP)
    made = [next(plan)]
    for answer in answers:
        try:
            made.append(plan.throw(answer) if isinstance(answer, Exception) else plan.send(answer))
        except StopIteration as end:
            return made, end.value
        except UpstreamFault as fault:
            return made, fault
    raise AssertionError("the plan goes on")


def bodies(made):
    return [json.loads(request.body) for request in made]


def test_the_request():
    (made,), answer = carried(chat(), GOOD)
    assert (made.method, made.url, made.streamed) == ("POST", "https://llm.example.com/v1/chat/completions", True)
    assert made.headers["authorization"] == "Bearer sk-secret-1"
    assert made.headers["content-type"] == "application/json"
    assert (answer, answer.endpoint) == (GOOD, "https://llm.example.com/v1")


def test_without_a_key_there_is_no_header():
    (made,), _ = carried(chat(), GOOD, credential=Credential(""), base_urls=["http://127.0.0.1:11434/v1/"])
    assert "authorization" not in made.headers
    assert made.url == "http://127.0.0.1:11434/v1/chat/completions"


def test_a_whole_answer_is_accepted():
    assert carried(chat(), reply(200, content_type="application/json"))[1].status == 200


def test_a_page_is_no_answer():
    _, fault = carried(chat(), reply(200, b"<html>", content_type="text/html"))
    assert fault.cause is Cause.CORRUPT


def test_a_connection_that_was_just_closed_is_tried_again_once():
    gone = UpstreamFault(Cause.UNREACHABLE, Retry.SAME_ACCOUNT, GatewayError("x"))
    made, answer = carried(chat(), gone, GOOD)
    assert (len(made), answer.status) == (2, 200)
    made, fault = carried(chat(), gone, gone)
    assert (len(made), fault) == (2, gone)
    away = UpstreamFault(Cause.UNREACHABLE, Retry.OTHER_ACCOUNT, GatewayError("x"))
    assert len(carried(chat(), away)[0]) == 1


DRAWS_ONE_WAY = "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported."
UNWANTED = [
    ({"temperature": 0.5}, DRAWS_ONE_WAY, "temperature", ["temperature"]),
    ({"top_k": 5}, "Unrecognized request argument supplied: top_k", None, ["top_k"]),
    ({"stop": "x"}, "Unsupported parameter: 'stop' is not supported with this model.", "stop", []),
    ({"reasoning_effort": "high"}, "Unrecognized request argument supplied: reasoning_effort", None, ["reasoning_effort"]),
    ({"reasoning_effort": "high"}, '"llama3" does not support thinking', None, ["reasoning_effort"]),
    ({"seed": 7}, "property 'seed' is unsupported", None, ["seed"]),
    ({"store": False}, "Unknown parameter: 'store'.", "store", []),
    ({"user": "u"}, "Unknown parameter: 'user'.", "user", []),
    ({"prompt_cache_key": "k"}, "Unknown parameter: 'prompt_cache_key'.", None, []),
    (
        {"tools": [{"type": "function", "function": {"name": "f"}}], "parallel_tool_calls": False},
        "parallel_tool_calls is not supported",
        None,
        [],
    ),
]


@pytest.mark.parametrize(("more", "message", "param", "lost"), UNWANTED)
def test_a_member_that_is_refused_is_left_out_and_remembered(more, message, param, lost):
    upstream, asked = OpenAI(), chat(**more)
    name = list(more)[-1]
    made, answer = carried(asked, refusal(message, param=param), GOOD, upstream=upstream)
    before, after = bodies(made)
    assert name in before
    assert after == {key: value for key, value in before.items() if key != name}
    assert answer.dropped == tuple(lost)
    # The next request is right at once, and reports it beforehand.
    made, answer = carried(asked, reply(200, content_type="text/event-stream"), upstream=upstream)
    assert bodies(made) == [after]
    assert answer.dropped == ()
    assert upstream.dropped(asked, lease()) == lost
    assert name in bodies(carried(asked, GOOD, upstream=upstream, model="other")[0])[0]


EFFORTS = (
    "Unsupported value: 'reasoning_effort' does not support 'xhigh' with this model. Supported values are: 'low', 'medium', and 'high'."
)
CALLS = [{"type": "function", "function": {"name": "f"}}]
VALUES = [
    ("reasoning_effort", "xhigh", "low", EFFORTS),
    ("tool_choice", "required", "none", "tool_choice 'required' is not supported with thinking enabled; use 'auto' or 'none'."),
    ("tool_choice", "required", "none", "tool_choice is not supported when thinking is enabled."),
    ("stop", ["a", "b", "c", "d"], ["END"], "'stop' with more than 3 sequences is not allowed."),
    ("temperature", 1.9, 0.2, "'temperature' of 1.9 is not supported; at most 1 is allowed."),
    ("temperature", 1.9, 0.2, "Unexpected value for 'temperature': 1.9 is not permitted."),
    ("temperature", 1.9, 0.2, "unknown value `1.9` for 'temperature'"),
]


@pytest.mark.parametrize(("name", "bad", "good", "message"), VALUES)
def test_one_clients_value_takes_the_member_from_nobody_else(name, bad, good, message):
    upstream = OpenAI()
    made, _ = carried(chat(tools=CALLS, **{name: bad}), refusal(message, param=name, code="unsupported_value"), GOOD, upstream=upstream)
    assert [name in body for body in bodies(made)] == [True, False]
    asked = chat(tools=CALLS, **{name: good})
    assert upstream.dropped(asked, lease()) == []
    assert bodies(carried(asked, GOOD, upstream=upstream)[0])[0][name] == good


def test_what_an_answer_was_asked_for_without_its_decoder_makes_up_for():
    upstream, asked = OpenAI(), chat(stop=["a", "b", "c", "d"])
    reads = upstream.decoder(asked, lease(), STAMP)
    carried(asked, refusal("'stop' with more than 3 sequences is not allowed."), GOOD, upstream=upstream)
    events = reads.feed(sse(say("on c and on"), STOP)) + reads.finish()
    assert events[1] == TextDelta("on ")
    # Told once: the next request goes by what is known.
    reads = upstream.decoder(asked, lease(), STAMP)
    assert (reads.feed(sse(say("on c"), STOP)) + reads.finish())[1] == TextDelta("on c")


def test_what_was_learned_is_forgotten_after_an_hour():
    upstream, asked = OpenAI(), chat(seed=1)
    carried(asked, refusal("Unknown parameter: 'seed'."), GOOD, upstream=upstream)
    for seconds, knows in ((3599, True), (3600, False)):
        plan = upstream.plan(asked, lease(), Stamp("later", STAMP.created + seconds))
        assert ("seed" not in json.loads(next(plan).body)) == knows
        assert upstream.dropped(asked, lease()) == (["seed"] if knows else [])


def test_a_strict_key_does_not_pay_for_what_is_refused():
    plan = OpenAI().plan(chat(temperature=0.5), lease(strict=True), STAMP)
    next(plan)
    with pytest.raises(InvalidRequest, match="strict") as caught:
        plan.send(refusal("temperature is not supported"))
    assert caught.value.param == "temperature"
    # What loses nothing is mended for anybody.
    made, _ = carried(messages(), refusal("Unrecognized request argument supplied: stream_options"), GOOD, strict=True)
    assert len(made) == 2


def test_what_fastapi_says():
    detail = {"detail": [{"type": "extra_forbidden", "loc": ["body", "top_k"], "msg": "Extra inputs are not permitted"}]}
    made, _ = carried(messages(top_k=5), reply(422, detail), GOOD)
    assert ["top_k" in body for body in bodies(made)] == [True, False]


def test_the_other_name_of_the_limit():
    told = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    made, _ = carried(messages(), refusal(told, param="max_tokens"), GOOD)
    assert [body.get("max_completion_tokens") for body in bodies(made)] == [None, 512]
    made, _ = carried(chat(max_tokens=512), refusal(told, param="max_tokens"), GOOD)
    assert [body.get("max_completion_tokens") for body in bodies(made)] == [None, 512]


def test_an_endpoint_that_streams_to_nobody_or_counts_for_nobody():
    made, _ = carried(
        chat(), refusal("Your organization must be verified to stream this model.", param="stream", code="unsupported_value"), GOOD
    )
    assert [body["stream"] for body in bodies(made)] == [True, False]
    assert "stream_options" not in bodies(made)[1]
    made, _ = carried(chat(), refusal("Unrecognized request argument supplied: stream_options"), GOOD)
    assert ["stream_options" in body for body in bodies(made)] == [True, False]


def test_forms_one_after_the_other():
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
    no = refusal("This response_format type is unavailable now")
    made, answer = carried(chat(response_format=form), no, GOOD)
    assert [body["response_format"]["type"] for body in bodies(made)] == ["json_schema", "json_object"]
    assert answer.dropped == ()


def test_several_flaws_one_after_the_other():
    asked = chat(temperature=0.5, top_p=0.5)
    made, answer = carried(asked, refusal("temperature is not supported"), refusal("top_p is not supported"), GOOD)
    assert [sorted({"temperature", "top_p"} & set(body)) for body in bodies(made)] == [["temperature", "top_p"], ["top_p"], []]
    assert answer.dropped == ("temperature", "top_p")


def test_a_flaw_that_stays_is_the_bodys_fault():
    no = refusal("temperature is not supported", param="temperature")
    made, fault = carried(chat(temperature=0.5), no, no)
    assert (len(made), fault.cause) == (2, Cause.BAD_REQUEST)


@pytest.mark.parametrize(
    "message",
    [
        "'temperature' must be at most 2",
        "the words stop and stream are not supported",
        "Invalid value for messages",
        "nothing is supported",
    ],
)
def test_other_refusals_are_not_mended(message):
    made, fault = carried(chat(temperature=0.5), refusal(message))
    assert (len(made), fault.cause) == (1, Cause.BAD_REQUEST)


GREEDY = [
    "This model's maximum context length is 32768 tokens. However, you requested 65535 output tokens and your prompt contains 12466 input tokens.",
    "This model's maximum context length is 6048 tokens. However, you requested 6616 tokens (568 in the messages, 6048 in the completion).",
    "max_tokens is too large: 128000. This model supports at most 16384 completion tokens, whereas you provided 128000.",
    "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]",
    "`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is less than the `context_window`",
]


@pytest.mark.parametrize("message", GREEDY)
def test_a_wish_for_too_long_an_answer_is_left_out_once(message):
    upstream = OpenAI()
    for asked in (messages(), chat(max_tokens=512)):
        made, answer = carried(asked, refusal(message), reply(200, content_type="text/event-stream"), upstream=upstream)
        assert [body.get("max_tokens") for body in bodies(made)] == [512, None]
        assert answer.dropped == ()


def test_a_prompt_that_is_too_long_is_not_mended():
    told = "This model's maximum context length is 16384 tokens. However, you requested 122946 tokens (112946 in the messages, 10000 in the completion)."
    made, fault = carried(messages(), refusal(told))
    assert len(made) == 1
    assert isinstance(fault.error, ContextTooLong)
    assert fault.error.message == "prompt is too long: 112946 tokens > 16384 maximum"


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr("dataplane.upstreams.openai.plan.REMEMBERED", 2)
    upstream, asked = OpenAI(), chat(seed=1)
    for model in ("a", "b", "c"):
        carried(asked, refusal("Unknown parameter: 'seed'."), reply(200), upstream=upstream, model=model)
    assert [upstream.dropped(asked, lease(model=model)) for model in ("a", "b", "c")] == [[], ["seed"], ["seed"]]
