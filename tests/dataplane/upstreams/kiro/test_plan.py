import json

import pytest

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Reasoning, Thinking, Tool
from dataplane.errors import BadUpstream, Cause, EndpointFault, InvalidRequest, Overloaded, Retry, UpstreamFault, UpstreamTimeout
from dataplane.upstreams.base import Reply
from dataplane.upstreams.kiro import plan, profiles, provenance
from tests.dataplane.upstreams.kiro.samples import ARN, STAMP, assistant, call, lease, user

A, B = "http://127.0.0.1:1", "http://127.0.0.1:2"
CHAT = "/generateAssistantResponse"
TOOLS = [Tool("Read", "R", b'{"type":"object","properties":{"a":{"type":"string","format":"uri"}},"additionalProperties":false}')]
OWN = "arn:aws:codewhisperer:us-east-1:123456789012:profile/OWN"


def stream():
    return Reply(200, {"content-type": "application/vnd.amazon.eventstream"})


def refusal(status, message="", reason=None, **headers):
    return Reply(
        status,
        {name.replace("_", "-"): value for name, value in headers.items()},
        json.dumps({"message": message, "reason": reason}).encode(),
    )


UNSIGNED = refusal(400, "Invalid signature in thinking block", "THINKING_SIGNATURE_INVALID")
IMPROPER = refusal(400, "Improperly formed request.", "REQUEST_BODY_INVALID")
NO_PROFILE = refusal(400, "profileArn is required for this request.")
NOT_ALLOWED = refusal(403, "User is not authorized to make this call.")
LISTED = Reply(200, {}, json.dumps({"profiles": [{"arn": OWN, "profileName": "P"}], "nextToken": None}).encode())
UNLISTED = refusal(403, "AWS Builder ID is not supported for this operation.")


def unreachable():
    return UpstreamFault(Cause.UNREACHABLE, Retry.OTHER_ACCOUNT, Overloaded("the upstream cannot be reached"))


def hung_up():
    return UpstreamFault(Cause.UNREACHABLE, Retry.SAME_ACCOUNT, BadUpstream("the upstream closed the connection"))


def silent():
    return UpstreamFault(Cause.TIMEOUT, Retry.OTHER_ACCOUNT, UpstreamTimeout("the upstream fell silent"))


def outcome(exchange, *answers):
    """The requests a plan makes, and what it ends with; faults among the answers are thrown in."""
    requests = [next(exchange)]
    for answer in answers:
        try:
            requests.append(exchange.throw(answer) if isinstance(answer, UpstreamFault) else exchange.send(answer))
        except StopIteration as end:
            return requests, end.value
        except UpstreamFault as fault:
            return requests, fault
    raise AssertionError("the plan wants more answers")


def chat(*answers, asked=None, memory=None, **more):
    return outcome(plan.chat(asked or call(user("hi")), lease(**more), STAMP, memory or plan.Memory()), *answers)


def both(**more):
    return {"base_urls": [A, B], **more}


def attributes(**more):
    return {"attributes": {"machine_id": "ab" * 32, "auth_method": "social", **more}}


def urls(requests):
    return [request.url for request in requests]


def attempts(requests):
    return [request.headers["amz-sdk-request"].partition(";")[0] for request in requests]


def profile_of(request):
    return json.loads(request.body).get("profileArn")


def test_one_request_one_stream():
    answer = stream()
    (request,), reply = chat(answer)
    assert reply is answer
    assert (request.method, request.url, request.streamed) == ("POST", A + CHAT, True)
    assert (reply.endpoint, reply.failed, reply.learned, reply.dropped) == (A, (), {}, ())


def test_what_cannot_be_sent_is_refused_before_any_request():
    with pytest.raises(InvalidRequest):
        next(plan.chat(call(), lease(), STAMP, plan.Memory()))


@pytest.mark.parametrize(
    ("answer", "cause", "wait"),
    [
        (unreachable(), Cause.UNREACHABLE, None),
        (silent(), Cause.TIMEOUT, None),
        (refusal(429, retry_after="7"), Cause.THROTTLED, 7),
        (refusal(400, reason="USER_REQUEST_RATE_EXCEEDED"), Cause.THROTTLED, None),
        (refusal(500), Cause.UNAVAILABLE, None),
        (refusal(502), Cause.UNAVAILABLE, None),
        (refusal(503, reason="MODEL_TEMPORARILY_UNAVAILABLE"), Cause.OVERLOADED, None),
        (refusal(429, reason="INSUFFICIENT_MODEL_CAPACITY"), Cause.OVERLOADED, None),
    ],
)
def test_an_endpoint_that_does_not_serve_gives_way_to_the_next(answer, cause, wait):
    requests, reply = chat(answer, stream(), **both())
    assert urls(requests) == [A + CHAT, B + CHAT]
    assert attempts(requests) == ["attempt=1", "attempt=2"]
    assert requests[0].body == requests[1].body
    assert (reply.endpoint, reply.failed) == (B, (EndpointFault(A, cause, wait),))


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (refusal(400, "x"), Cause.BAD_REQUEST),
        (refusal(400, reason="INVALID_MODEL_ID"), Cause.MODEL_UNKNOWN),
        (refusal(400, "Input is too long."), Cause.TOO_LONG),
        (refusal(401), Cause.CREDENTIAL_REJECTED),
        (refusal(402), Cause.QUOTA_EXHAUSTED),
        (refusal(429, reason="MONTHLY_REQUEST_COUNT"), Cause.QUOTA_EXHAUSTED),
        (refusal(403, reason="TEMPORARILY_SUSPENDED"), Cause.SUSPENDED),
        (refusal(404), Cause.UNAVAILABLE),
        (refusal(524), Cause.TIMEOUT),
        (Reply(200, {"content-type": "application/json"}), Cause.CORRUPT),
        (Reply(204, {}), Cause.CORRUPT),
        (UpstreamFault(Cause.CORRUPT, Retry.OTHER_ACCOUNT, BadUpstream("nonsense")), Cause.CORRUPT),
        (UNSIGNED, Cause.BAD_REQUEST),
    ],
)
def test_what_would_be_the_same_elsewhere_is_not_tried_elsewhere(answer, cause):
    requests, fault = chat(answer, **both())
    assert (len(requests), fault.cause, fault.endpoints) == (1, cause, ())


def test_E07_an_unknown_model_is_asked_for_once():
    requests, fault = chat(refusal(400, "Invalid model ID.", "INVALID_MODEL_ID"), **both())
    assert (len(requests), fault.retry) == (1, Retry.OTHER_ACCOUNT)


def test_when_all_endpoints_fail_the_last_fault_tells_of_all():
    requests, fault = chat(refusal(429, retry_after="7"), unreachable(), **both())
    assert len(requests) == 2
    assert fault.cause is Cause.UNREACHABLE
    assert fault.endpoints == (EndpointFault(A, Cause.THROTTLED, 7), EndpointFault(B, Cause.UNREACHABLE, None))


def test_a_refusal_of_the_second_endpoint_tells_of_the_first():
    _, fault = chat(silent(), refusal(402), **both())
    assert (fault.cause, fault.endpoints) == (Cause.QUOTA_EXHAUSTED, (EndpointFault(A, Cause.TIMEOUT),))


def test_a_kept_connection_that_was_closed_is_no_fault_of_the_endpoint():
    requests, reply = chat(hung_up(), stream(), **both())
    assert urls(requests) == [A + CHAT, A + CHAT]
    assert attempts(requests) == ["attempt=1", "attempt=2"]
    assert (reply.endpoint, reply.failed) == (A, ())


def test_a_connection_that_keeps_closing_is_one():
    requests, reply = chat(hung_up(), hung_up(), stream(), **both())
    assert urls(requests) == [A + CHAT, A + CHAT, B + CHAT]
    assert reply.failed == (EndpointFault(A, Cause.UNREACHABLE),)


def signed(signature=None, **more):
    own = provenance.mark("s", lease()) if signature is None else signature
    return call(user("a"), assistant(Reasoning("t", own), "b"), user("c"), **more)


def test_R01_refused_signatures_are_left_out_once():
    requests, reply = chat(UNSIGNED, stream(), asked=signed())
    assert [b"reasoningContent" in request.body for request in requests] == [True, False]
    first, second = (json.loads(request.body)["conversationState"] for request in requests)
    del first["history"][1]["assistantResponseMessage"]["reasoningContent"]
    assert first == second
    assert attempts(requests) == ["attempt=1", "attempt=2"]
    assert reply.dropped == ("messages[].content[].thinking",)
    requests, fault = chat(UNSIGNED, UNSIGNED, asked=signed())
    assert (len(requests), fault.cause) == (2, Cause.BAD_REQUEST)


def test_R01_what_is_left_out_is_told_in_the_clients_words():
    asked = {Feature.REASONING: ["messages[1].content[0]"], Feature.REDACTED_REASONING: ["messages[1].content[1]"]}
    assert chat(UNSIGNED, stream(), asked=signed(asked=asked))[1].dropped == ("messages[1].content[0]", "messages[1].content[1]")


@pytest.mark.parametrize("foreign", ["s", "hg1.abcdefghijkl.s", ""])
def test_R02_reasoning_of_another_account_is_never_sent_so_never_refused(foreign):
    requests, fault = chat(UNSIGNED, asked=signed(foreign))
    assert b"reasoningContent" not in requests[0].body
    assert (len(requests), fault.cause) == (1, Cause.BAD_REQUEST)


def schema_of(request):
    current = json.loads(request.body)["conversationState"]["currentMessage"]["userInputMessage"]
    return current["userInputMessageContext"]["tools"][0]["toolSpecification"]["inputSchema"]["json"]


@pytest.mark.parametrize(
    "shape",
    [
        IMPROPER,
        refusal(400, "Improperly formed request."),
        refusal(400, "Invalid tool use format.", "REQUEST_BODY_INVALID"),
        refusal(400, "Bedrock error message: x", "TOOL_SCHEMA_INVALID"),
    ],
)
def test_S08_refused_tools_are_sent_once_more_in_the_simple_form(shape):
    requests, reply = chat(shape, stream(), asked=call(user("hi"), tools=TOOLS), **both())
    assert urls(requests) == [A + CHAT, A + CHAT]
    assert schema_of(requests[0])["properties"]["a"] == {"type": "string", "format": "uri"}
    assert "additionalProperties" not in schema_of(requests[1])
    assert "format" not in schema_of(requests[1])["properties"]["a"]
    assert (reply.failed, reply.dropped) == ((), ())


def test_S08_a_shape_that_stays_refused_is_refused():
    requests, fault = chat(IMPROPER, IMPROPER, asked=call(user("hi"), tools=TOOLS), **both())
    assert (len(requests), fault.cause, fault.retry) == (2, Cause.BAD_REQUEST, Retry.NONE)


def test_S08_without_tools_there_is_nothing_to_simplify():
    assert len(chat(IMPROPER)[0]) == 1


def test_S08_a_legacy_host_has_seen_the_simple_form_already():
    old = attributes(profile_arn=ARN, host_profile="legacy")
    assert len(chat(IMPROPER, asked=call(user("hi"), tools=TOOLS), **old)[0]) == 1


def test_S08_what_helped_is_remembered_for_the_same_tools():
    memory, asked = plan.Memory(), call(user("hi"), tools=TOOLS)
    simple = chat(IMPROPER, stream(), asked=asked, memory=memory)[0][1].body
    (request,), _ = chat(stream(), asked=asked, memory=memory)
    assert request.body == simple
    assert len(chat(IMPROPER, asked=asked, memory=memory)[0]) == 1
    other = call(user("hi"), tools=[Tool("Read", "R", b'{"type":"object","additionalProperties":true}')])
    (request,), _ = chat(stream(), asked=other, memory=memory)
    assert "additionalProperties" in schema_of(request)


def test_S08_what_did_not_help_is_not_remembered():
    memory, asked = plan.Memory(), call(user("hi"), tools=TOOLS)
    chat(IMPROPER, refusal(429), asked=asked, memory=memory)
    (request,), _ = chat(stream(), asked=asked, memory=memory)
    assert "additionalProperties" in schema_of(request)


def test_each_flaw_is_mended_once():
    asked = signed(tools=TOOLS)
    requests, reply = chat(UNSIGNED, IMPROPER, NO_PROFILE, LISTED, stream(), asked=asked)
    assert [request.url.rpartition("/")[2] for request in requests] == ["generateAssistantResponse"] * 3 + [
        "ListAvailableProfiles",
        "generateAssistantResponse",
    ]
    last = requests[-1]
    assert (b"reasoningContent" in last.body, "additionalProperties" in schema_of(last), profile_of(last)) == (False, False, OWN)
    assert (reply.dropped, reply.learned) == (("messages[].content[].thinking",), {"profile_arn": OWN})
    assert attempts([request for request in requests if request.streamed]) == ["attempt=1", "attempt=2", "attempt=3", "attempt=4"]


def test_what_was_mended_stays_so_at_the_next_endpoint():
    requests, _ = chat(UNSIGNED, refusal(500), stream(), asked=signed(), **both())
    assert urls(requests) == [A + CHAT, A + CHAT, B + CHAT]
    assert requests[1].body == requests[2].body


def test_E04_a_demanded_profile_is_looked_up_and_told():
    (_, asked, again), reply = chat(NO_PROFILE, LISTED, stream())
    assert (asked.method, asked.url, asked.body, asked.streamed) == ("POST", f"{A}/ListAvailableProfiles", b"{}", False)
    assert asked.headers["Accept"] == "application/json"
    assert asked.headers["Authorization"] == "Bearer token-1"
    assert (again.url, profile_of(again)) == (A + CHAT, OWN)
    assert reply.learned == {"profile_arn": OWN}


def test_E04_profiles_are_asked_for_at_the_management_host_in_either_spelling():
    own = attributes(profile_arn=ARN, management_url="http://127.0.0.1:9")
    requests, _ = chat(NO_PROFILE, refusal(404), LISTED, stream(), **own)
    assert urls(requests)[1:3] == ["http://127.0.0.1:9/ListAvailableProfiles", "http://127.0.0.1:9/List-Available-Profiles"]


@pytest.mark.parametrize("given", ["", "none", "arn:aws:codewhisperer:us-east-1:1:other/X"])
@pytest.mark.parametrize(
    ("method", "public"), [("social", profiles.SOCIAL), ("builder-id", profiles.BUILDER_ID), ("idc", profiles.BUILDER_ID)]
)
def test_E04_a_missing_profile_is_looked_up_before_the_first_refusal(given, method, public):
    (listing, request), reply = chat(UNLISTED, stream(), **attributes(profile_arn=given, auth_method=method))
    assert (listing.url, profile_of(request)) == (f"{A}/ListAvailableProfiles", public)
    assert reply.learned == {"profile_arn": public}


@pytest.mark.parametrize(
    "answer", [unreachable(), refusal(500), Reply(200, {}, b"{}"), Reply(200, {}, b"<html>"), Reply(200, {}, b'{"profiles":[{"arn":"x"}]}')]
)
def test_E04_a_list_that_says_nothing_leaves_the_public_profile(answer):
    (_, request), _ = chat(answer, stream(), **attributes())
    assert profile_of(request) == profiles.SOCIAL


@pytest.mark.parametrize("method", ["api-key", "external-idp"])
def test_E04_keys_and_external_identities_get_no_public_profile(method):
    (request,), _ = chat(stream(), **attributes(auth_method=method))
    assert profile_of(request) is None
    requests, fault = chat(NO_PROFILE, NOT_ALLOWED, **attributes(auth_method=method))
    assert (len(requests), fault.cause, fault.retry) == (2, Cause.FORBIDDEN, Retry.OTHER_ACCOUNT)


def test_E04_the_profile_of_the_wrong_family_is_replaced():
    for refused in (refusal(403, "Invalid token"), refusal(400, "Invalid profileArn.")):
        (_, _, request), reply = chat(refused, UNLISTED, stream(), **attributes(profile_arn=profiles.SOCIAL, auth_method="builder-id"))
        assert profile_of(request) == profiles.BUILDER_ID
        assert reply.learned == {"profile_arn": profiles.BUILDER_ID}


def test_E04_an_own_profile_gives_way_to_a_public_one_only_when_it_was_refused_itself():
    own = attributes(profile_arn=OWN, auth_method="idc")
    requests, fault = chat(NOT_ALLOWED, UNLISTED, **own)
    assert (len(requests), fault.cause) == (2, Cause.FORBIDDEN)
    assert profile_of(chat(refusal(400, "Invalid profileArn."), UNLISTED, stream(), **own)[0][2]) == profiles.BUILDER_ID


def test_E04_a_profile_that_is_no_other_is_not_tried_again():
    requests, fault = chat(NOT_ALLOWED, UNLISTED, **attributes(profile_arn=profiles.SOCIAL))
    assert (len(requests), fault.cause, fault.status) == (2, Cause.FORBIDDEN, 403)


def test_E04_what_was_learned_spares_the_next_request_the_lookup():
    memory = plan.Memory()
    chat(NO_PROFILE, LISTED, stream(), memory=memory)
    (request,), reply = chat(stream(), memory=memory)
    assert (profile_of(request), reply.learned) == (OWN, {})
    assert profile_of(chat(stream(), memory=memory, account_id="account-2")[0][0]) == ARN
    # A lease with another profile knows better.
    assert profile_of(chat(stream(), memory=memory, **attributes(profile_arn=OWN + "2"))[0][0]) == OWN + "2"


def test_E04_what_did_not_help_is_not_learned():
    memory = plan.Memory()
    assert chat(NO_PROFILE, LISTED, refusal(429), memory=memory)[1].cause is Cause.THROTTLED
    assert profile_of(chat(stream(), memory=memory)[0][0]) == ARN


def test_E04_an_old_host_may_want_no_profile_of_a_builder_id():
    memory, old = plan.Memory(), attributes(profile_arn=profiles.BUILDER_ID, auth_method="idc", host_profile="legacy")
    requests, reply = chat(NOT_ALLOWED, UNLISTED, stream(), memory=memory, **old)
    assert [profile_of(requests[0]), profile_of(requests[2])] == [profiles.BUILDER_ID, None]
    assert reply.learned == {}
    assert profile_of(chat(stream(), memory=memory, **old)[0][0]) is None


def test_E04_an_old_host_is_not_asked_for_a_profile_beforehand():
    (request,), _ = chat(stream(), **attributes(host_profile="legacy"))
    assert profile_of(request) is None


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(plan, "REMEMBERED", 2)
    memory = plan.Memory()
    for number in range(3):
        memory.learn_profile(lease(account_id=f"a{number}"), OWN)
    assert [memory.known(lease(account_id=f"a{number}")).attributes["profile_arn"] for number in range(3)] == [ARN, OWN, OWN]


def test_R05_tags_go_to_models_without_reasoning_only():
    asked = call(user("hi"), thinking=Thinking("enabled"))
    assert b"thinking_mode" in chat(stream(), asked=asked)[0][0].body
    assert b"thinking_mode" not in chat(stream(), asked=asked, model="claude-opus-4.8")[0][0].body
