import json
import re

import pytest

from dataplane.conversation.model import Sampling, Stamp, Tool
from dataplane.errors import Cause, Kind, Retry
from dataplane.upstreams.base import Reply
from dataplane.upstreams.kiro import faults
from dataplane.upstreams.kiro.asking import request
from dataplane.upstreams.kiro.asking.body import Form
from dataplane.upstreams.kiro.asking.body import body as build
from tests.dataplane.upstreams.kiro.samples import (
    ARN,
    STAMP,
    assistant,
    body,
    call,
    current,
    lease,
    legacy,
    result,
    state,
    use,
    user,
)

OTHER_ARN = "arn:aws:codewhisperer:us-east-1:638616132270:profile/AAAACCCCXXXX"
UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_E02_the_whole_of_a_small_body():
    found = body(call(user("hi"), assistant("yes"), user("go"), system=["S"]))
    ids = {name: found["conversationState"].pop(name) for name in ("conversationId", "agentContinuationId")}
    assert all(UUID4.fullmatch(value) for value in ids.values())
    assert found == {
        "conversationState": {
            "chatTriggerType": "MANUAL",
            "agentTaskType": "vibe",
            "history": [
                {"userInputMessage": {"content": "S\n\nhi", "modelId": "claude-sonnet-4.5", "origin": "AI_EDITOR"}},
                {"assistantResponseMessage": {"content": "yes"}},
            ],
            "currentMessage": {"userInputMessage": {"content": "go", "modelId": "claude-sonnet-4.5", "origin": "AI_EDITOR"}},
        },
        "profileArn": ARN,
    }


def test_headers():
    found = request.headers(lease(), STAMP, 1)
    assert found["Authorization"] == "Bearer token-1"
    assert found["Accept"] == "application/vnd.amazon.eventstream"
    assert found["amz-sdk-request"] == "attempt=1; max=3"
    assert UUID4.fullmatch(found["amz-sdk-invocation-id"])
    assert found["amz-sdk-invocation-id"] == request.headers(lease(), STAMP, 2)["amz-sdk-invocation-id"]
    client = "KiroIDE-1.1.70-" + "ab" * 32
    assert found["user-agent"].endswith(client)
    assert found["x-amz-user-agent"] == f"aws-sdk-js/1.0.34 {client}"
    assert (found["x-amzn-codewhisperer-optout"], found["x-amzn-kiro-agent-mode"]) == ("true", "vibe")
    assert "TokenType" not in found


@pytest.mark.parametrize(("method", "kind"), [("api-key", "API_KEY"), ("external-idp", "EXTERNAL_IDP"), ("idc", None), ("", None)])
def test_the_kind_of_bearer(method, kind):
    assert request.headers(lease(attributes={"auth_method": method}), STAMP, 1).get("TokenType") == kind


def test_a_machine_id_is_never_missing_or_shared():
    one, two = (request.machine(lease(attributes={}, account_id=account)) for account in ("a", "b"))
    assert one != two
    assert re.fullmatch("[0-9a-f]{64}", one)
    assert one == request.machine(lease(attributes={"machine_id": ""}, account_id="a"))


@pytest.mark.parametrize(("arn", "sent"), [(ARN, True), ("", False), ("arn:aws:iam::1:role/x", False), (ARN + "/../x", False)])
def test_E04_only_a_well_formed_profile_is_named(arn, sent):
    assert ("profileArn" in body(call(user("hi")), attributes={"profile_arn": arn})) is sent


def ids(*turns, key="key-1", stamp="1", **more):
    found = json.loads(build(call(*(turns or (user("hi"),)), **more), lease(key_id=key), Stamp(stamp, 0)))["conversationState"]
    return found["conversationId"], found["agentContinuationId"]


def conversation(*turns, **more):
    return ids(*turns, **more)[0]


def test_E08_the_conversation_id_follows_the_session():
    assert conversation(session="s", stamp="1") == conversation(user("ho"), session="s", stamp="2")
    assert len({conversation(session="s"), conversation(session="t"), conversation(session="s", key="key-2"), conversation()}) == 4


def test_E08_a_request_without_a_session_is_a_conversation_of_its_own():
    """The line names every conversation that has words (conversation/session.py)."""
    assert conversation(stamp="1") == conversation(stamp="1") != conversation(stamp="2")


def acting(*turns, **more):
    return ids(*turns, **more)[1]


def test_what_the_model_does_for_the_same_words_of_the_user_is_one_continuation():
    loop = [user("a"), assistant(use("1")), user(result("1", "x")), assistant(use("2")), user(result("2", "y"), " ")]
    assert len({acting(*loop[:end], session="s", stamp=str(end)) for end in (1, 3, 5)}) == 1
    others = [loop, [*loop, assistant("b"), user("a")], [user("b"), *loop[1:]]]
    assert len({*(acting(*turns, session="s") for turns in others), acting(*loop, session="t")}) == 4


def test_the_same_call_is_the_same_bytes():
    asked = call(user("a"), assistant(use("x\n1"), use("x\n1")), user(result("x\n1", "r")), session="s")
    assert build(asked, lease(), STAMP) == build(asked, lease(), STAMP)


def test_T11_failed_results_say_so_in_words():
    turns = [user("a"), assistant(use("1"), use("2"), use("3"), use("4"))]
    results = [result("1", "boom", is_error=True), result("2", "error: x", is_error=True), result("3", is_error=True), result("4", " ", "")]
    found = current(call(*turns, user(*results)))["userInputMessageContext"]["toolResults"]
    assert [(given["status"], given["content"]) for given in found] == [
        ("error", [{"text": "Error: boom"}]),
        ("error", [{"text": "error: x"}]),
        ("error", [{"text": "Error: (no output)"}]),
        ("success", [{"text": "(no output)"}]),
    ]


def test_C01_content_beside_results_stays_empty():
    found = current(call(user("a"), assistant(use("1")), user(result("1", "x", "y"))))
    assert found["content"] == ""
    assert found["userInputMessageContext"]["toolResults"][0]["content"] == [{"text": "x"}, {"text": "y"}]


def test_E12_halves_of_surrogate_pairs_are_mended_everywhere():
    found = state(
        call(
            user("a\ud83db", "\ud83d\ude00"), assistant("\udc00", use("1", "R\ud83d", "{}")), user(result("1", "\ud83d")), system=["\ud800"]
        )
    )
    text = json.dumps(found, ensure_ascii=False)
    text.encode()
    assert found["history"][0]["userInputMessage"]["content"] == "\ufffd\n\na\ufffdb\n\n😀"


def test_C07_control_characters_are_kept():
    assert current(call(user("\x00\x1b[1m\u202e\t\r\n🙂")))["content"] == "\x00\x1b[1m\u202e\t\r\n🙂"


def test_post():
    asked = call(user("hi"))
    found = request.post(asked, lease(), STAMP, base_url="http://127.0.0.1:2/x", attempt=3, form=Form(profile_arn=""))
    assert (found.method, found.url) == ("POST", "http://127.0.0.1:2/x/generateAssistantResponse")
    assert found.headers == request.headers(lease(), STAMP, 3)
    assert found.body == build(asked, lease(), STAMP, Form(profile_arn=""))


@pytest.mark.parametrize(("arn", "sent"), [(None, ARN), ("", None), (OTHER_ARN, OTHER_ARN), ("nonsense", None)])
def test_E04_another_profile_may_be_named_for_one_attempt(arn, sent):
    assert body(call(user("hi")), Form(profile_arn=arn)).get("profileArn") == sent


def test_E01_the_system_text_has_no_member_of_its_own():
    found = body(call(user("hi"), system=["S"]))
    assert found.keys() == {"conversationState", "profileArn"}
    assert found["conversationState"]["currentMessage"]["userInputMessage"]["content"] == "S\n\nhi"


def test_E03_sampling_is_not_sent():
    found = body(call(user("hi"), sampling=Sampling(max_tokens=5000, temperature=0.5, top_p=0.1, top_k=3, stop=["X"])))
    assert found == body(call(user("hi")))


def test_E05_chats_are_asked_for_by_hand():
    assert state(call(user("hi")))["chatTriggerType"] == "MANUAL"


def test_E07_every_turn_names_the_model_of_the_lease():
    found = state(call(user("hi"), assistant("a"), user("b")), model="claude-opus-5.5")
    assert {entry["userInputMessage"]["modelId"] for entry in (found["history"][0], found["currentMessage"])} == {"claude-opus-5.5"}


def test_E09_the_origin_is_the_editor():
    assert current(call(user("hi")))["origin"] == "AI_EDITOR"


def test_E10_the_task_is_the_usual_one():
    assert state(call(user("hi")))["agentTaskType"] == "vibe"


def test_E11_no_state_of_a_shell_is_sent():
    found = current(call(user("a"), assistant(use("1")), user(result("1", "x"))))
    assert found["userInputMessageContext"].keys() == {"toolResults", "tools"}


def test_E13_no_cache_points():
    asked = call(user("a"), assistant("b", use("1")), user(result("1", "x")), tools=[Tool("Read")], system=["S"])
    assert b"cachePoint" not in build(asked, lease(), STAMP)


def test_E14_what_is_empty_is_left_out():
    found = state(call(user("hi")))
    assert "history" not in found
    assert found["currentMessage"]["userInputMessage"].keys() == {"content", "modelId", "origin"}
    found = state(call(user("hi"), assistant("b"), user("c")))["history"]
    assert found[1]["assistantResponseMessage"].keys() == {"content"}


def test_C03_calls_without_text():
    asked = call(user("a"), assistant(use("1")), user(result("1", "x")))
    for given, text in ((lease(), ""), (legacy(), " ")):
        found = json.loads(build(asked, given, STAMP))["conversationState"]["history"]
        assert found[1]["assistantResponseMessage"]["content"] == text


def test_C04_texts_of_a_turn_are_one_string():
    assert current(call(user("a", "b", "", "c")))["content"] == "a\n\nb\n\nc"


def test_T12_no_output_is_told():
    found = current(call(user("a"), assistant(use("1")), user(result("1", "", " "))))
    assert found["userInputMessageContext"]["toolResults"][0]["content"] == [{"text": "(no output)"}]


def test_T13_results_come_in_the_order_of_their_calls():
    found = current(call(user("a"), assistant(use("1"), use("2")), user(result("2", "y"), result("1", "x"))))
    assert [given["toolUseId"] for given in found["userInputMessageContext"]["toolResults"]] == ["1", "2"]


def test_S12_tools_stand_on_the_current_message_only():
    found = state(call(user("a"), assistant(use("1")), user(result("1", "x")), assistant("b"), user("c"), tools=[Tool("Read")]))
    contexts = [entry["userInputMessage"].get("userInputMessageContext", {}).keys() for entry in found["history"][::2]]
    assert contexts == [set(), {"toolResults"}]
    assert found["currentMessage"]["userInputMessage"]["userInputMessageContext"].keys() == {"tools"}


def test_S04_the_ends_of_long_descriptions_follow_the_system_text():
    long = Tool("Read", "word " * 10_000)
    found = current(call(user("hi"), system=["S"], tools=[long]))
    content, description = found["content"], found["userInputMessageContext"]["tools"][0]["toolSpecification"]["description"]
    assert content.startswith("S\n\n")
    assert content.endswith("\n\nhi")
    assert description.count("word") + content.count("word") == 10_000


def test_Z01_nothing_is_cut_away():
    texts = [f"{number}:" + "word " * 20_000 for number in range(40)]
    turns = [user(text) if number % 2 == 0 else assistant(text) for number, text in enumerate(texts)]
    found = state(call(*turns, user("now")))
    spoken = [message["content"] for entry in found["history"] for message in entry.values()]
    assert spoken == texts


def test_Z02_a_conversation_at_its_end_is_told_as_too_long():
    reply = Reply(402, {}, b'{"message":"x","reason":"CONVERSATION_LIMIT_EXCEEDED"}')
    fault = faults.refused(reply, call(user("hi")), lease())
    assert (fault.cause, fault.retry, fault.error.kind) == (Cause.TOO_LONG, Retry.NONE, Kind.CONTEXT_TOO_LONG)
