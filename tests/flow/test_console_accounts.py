"""What the console does with accounts, through the real stack: signing in on another device, testing, undoing a removal."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.stack import ADMIN_PASSWORD, Stack, call, until

MODEL = "claude-sonnet-4.5"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def own() -> Iterator[Stack]:
    """A stack without accounts at first."""
    with Stack() as stack:
        yield stack
        assert stack.sim("GET", "counters")["rejections"] == {}


def served(stack: Stack, key: str, text: str = "hi") -> str:
    with openai.OpenAI(base_url=f"{stack.gateway}/v1", api_key=key, max_retries=0) as client:
        said = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": text}])
        return said.choices[0].message.content or ""


def trial(stack: Stack, account_id: str, body: dict[str, Any] | None = None) -> list[tuple[str, dict[str, Any]]]:
    """The events of a test, to its end."""
    headers = {"authorization": f"Bearer {ADMIN_PASSWORD}", "content-type": "application/json"}
    url = f"{stack.console}/api/accounts/{account_id}/test"
    request = urllib.request.Request(url, json.dumps(body or {}).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        parts = answer.read().decode().split("\n\n")
    found = []
    for part in parts:
        lines = dict(line.split(": ", 1) for line in part.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def recorded(stack: Stack, request_id: str) -> dict[str, Any]:
    def there() -> bool:
        return any(row["requestId"] == request_id for row in stack.admin("GET", "/api/requests")["requests"])

    until(there, 10)
    row: dict[str, Any] = stack.admin("GET", f"/api/requests/{request_id}")
    return row


@pytest.fixture(scope="module")
def signed_in(own: Stack) -> str:
    """The id of an account that was signed in to on another device."""
    begun = own.admin("POST", "/api/accounts/login/kiro", {"label": "device"})
    path = f"/api/accounts/login/kiro/{begun['id']}"
    assert own.admin("GET", path)["status"] == "pending"
    own.sim("POST", "approve", {"userCode": begun["userCode"]})
    until(lambda: own.admin("GET", path)["status"] != "pending", 10)
    told = own.admin("GET", path)
    assert told["status"] == "done", told
    until(lambda: own.admin("GET", f"/api/accounts/{told['accountId']}")["offeredModels"], 10)
    return str(told["accountId"])


@pytest.mark.parametrize(("end", "status"), [("denied", "denied"), ("expired", "expired")])
def test_a_sign_in_that_comes_to_nothing(own: Stack, end: str, status: str) -> None:
    begun = own.admin("POST", "/api/accounts/login/kiro", {})
    own.sim("POST", "approve", {"userCode": begun["userCode"], end: True})
    path = f"/api/accounts/login/kiro/{begun['id']}"
    until(lambda: own.admin("GET", path)["status"] != "pending", 10)
    assert own.admin("GET", path) == {"status": status, "accountId": None, "error": None}


def test_an_account_that_was_signed_in_elsewhere_serves(own: Stack, signed_in: str) -> None:
    key = own.admin("POST", "/api/keys", {"name": "device"})["key"]
    assert served(own, key)
    shown = own.admin("GET", f"/api/accounts/{signed_in}")
    assert (shown["label"], shown["authMethod"]) == ("device", "idc")


def test_a_disabled_account_can_be_tested_and_the_test_streams(own: Stack, signed_in: str) -> None:
    own.admin("POST", f"/api/accounts/{signed_in}/disable")
    try:
        own.sim("POST", "script", {"script": "text", "options": {"text": "Hello there, I am well.", "piece": 6}})
        (first, started), *pieces, (last, done) = trial(own, signed_in, {"model": MODEL})
    finally:
        own.admin("POST", f"/api/accounts/{signed_in}/enable")
    assert (first, last) == ("started", "done"), done
    assert {name for name, _ in pieces} == {"text"}
    assert len(pieces) > 1
    assert "".join(piece["text"] for _, piece in pieces) == done["text"] == "Hello there, I am well."
    assert (started["model"], started["requestId"], done["status"]) == (MODEL, done["requestId"], 200)
    row = recorded(own, done["requestId"])
    assert (row["keyId"], row["accountId"]) == ("console", signed_in)


def test_a_test_that_fails_says_why_and_asks_once(own: Stack, signed_in: str) -> None:
    own.sim("POST", "reset")
    own.sim("POST", "fail", {"status": 429, "message": "Too many requests, please wait"})
    *_, (last, failed) = trial(own, signed_in)
    assert last == "failed"
    assert failed["requestId"]
    assert failed["status"] == 429
    assert failed["message"]
    assert len(own.sim("GET", "requests")["requests"]) == 1
    own.heal({"id": signed_in})


def test_a_playgrounds_pass_is_let_in(own: Stack, signed_in: str) -> None:
    made = own.admin("POST", "/api/playground/pass")
    assert served(own, made["pass"])
    with pytest.raises(openai.AuthenticationError):
        served(own, made["pass"][:-1])
    assert made["pass"] not in own.log()


def test_what_was_deleted_comes_back_and_serves(own: Stack, signed_in: str) -> None:
    made = own.admin("POST", "/api/keys", {"name": "undo"})
    own.admin("DELETE", f"/api/accounts/{signed_in}")
    own.admin("DELETE", f"/api/keys/{made['id']}")
    with pytest.raises(openai.AuthenticationError):
        served(own, made["key"])
    assert own.admin("POST", f"/api/keys/{made['id']}/restore")["id"] == made["id"]
    with pytest.raises(openai.APIStatusError):
        served(own, made["key"])
    assert own.admin("POST", f"/api/accounts/{signed_in}/restore")["label"] == "device"
    assert served(own, made["key"])
    with pytest.raises(RuntimeError, match="404"):
        call("POST", f"{own.console}/api/accounts/{signed_in}/restore", None, {"authorization": f"Bearer {ADMIN_PASSWORD}"})
