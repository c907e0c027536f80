import json
import re

import pytest

from dataplane.conversation.model import Stamp
from dataplane.upstreams.kiro import request
from tests.dataplane.upstreams.kiro.samples import ARN, STAMP, assistant, body, call, current, lease, result, state, use, user

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_the_whole_of_a_small_body():
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
def test_only_a_well_formed_profile_is_named(arn, sent):
    assert ("profileArn" in body(call(user("hi")), attributes={"profile_arn": arn})) is sent


def conversation(session="", key="key-1", stamp="1"):
    return json.loads(request.body(call(user("hi"), session=session), lease(key_id=key), Stamp(stamp, 0)))["conversationState"][
        "conversationId"
    ]


def test_the_conversation_id_follows_the_session():
    assert conversation("s", stamp="1") == conversation("s", stamp="2")
    assert (
        len({conversation("s"), conversation("t"), conversation("s", key="key-2"), conversation(stamp="1"), conversation(stamp="2")}) == 5
    )


def test_the_same_call_is_the_same_bytes():
    asked = call(user("a"), assistant(use("x\n1"), use("x\n1")), user(result("x\n1", "r")), session="s")
    assert request.body(asked, lease(), STAMP) == request.body(asked, lease(), STAMP)


def test_failed_results_say_so_in_words():
    turns = [user("a"), assistant(use("1"), use("2"), use("3"), use("4"))]
    results = [result("1", "boom", is_error=True), result("2", "error: x", is_error=True), result("3", is_error=True), result("4", " ", "")]
    found = current(call(*turns, user(*results)))["userInputMessageContext"]["toolResults"]
    assert [(given["status"], given["content"]) for given in found] == [
        ("error", [{"text": "Error: boom"}]),
        ("error", [{"text": "error: x"}]),
        ("error", [{"text": "Error: (no output)"}]),
        ("success", [{"text": "(no output)"}]),
    ]


def test_content_beside_results_stays_empty():
    found = current(call(user("a"), assistant(use("1")), user(result("1", "x", "y"))))
    assert found["content"] == ""
    assert found["userInputMessageContext"]["toolResults"][0]["content"] == [{"text": "x"}, {"text": "y"}]


def test_halves_of_surrogate_pairs_are_mended_everywhere():
    found = state(
        call(
            user("a\ud83db", "\ud83d\ude00"), assistant("\udc00", use("1", "R\ud83d", "{}")), user(result("1", "\ud83d")), system=["\ud800"]
        )
    )
    text = json.dumps(found, ensure_ascii=False)
    text.encode()
    assert found["history"][0]["userInputMessage"]["content"] == "\ufffd\n\na\ufffdb\n\n😀"


def test_control_characters_are_kept():
    assert current(call(user("\x00\x1b[1m\u202e\t\r\n🙂")))["content"] == "\x00\x1b[1m\u202e\t\r\n🙂"
