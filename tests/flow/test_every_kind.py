"""Accounts of every kind in one installation: who serves a name, who steps in, and what is told of it."""

import hashlib

import anthropic
import httpx
import openai
import pytest

from tests.stack import ADMIN_PASSWORD, PROXY_KEY, until

pytestmark = pytest.mark.slow

WORDS = "as soon as it has come in"
FAILURES = {
    "broken": {"status": 500},
    "throttled": {"status": 429, "headers": {"Retry-After": "30"}},
    "suspended": {"status": 403, "reason": "TEMPORARILY_SUSPENDED"},
}
# What Claude Code asks for as it comes: for work, for small tasks, for small tasks in older releases.
CLAUDE_CODE = ("claude-opus-5-5", "claude-haiku-5-5", "claude-haiku-4-5", "claude-haiku-4-5-20251001")


@pytest.fixture
def client(every):
    with openai.OpenAI(base_url=f"{every.stack.gateway}/v1", api_key=PROXY_KEY, max_retries=0) as made:
        yield made


@pytest.fixture
def routed(every):
    """`routed(name, (kind, model), ...)` adds a route for the time of a test."""
    known = every.stack.admin("GET", "/api/routes")["routes"]

    def add(name, *targets):
        made = {"name": name, "match": "exact", "targets": [{"kind": kind, "model": model} for kind, model in targets]}
        every.stack.admin("PUT", "/api/routes", {"routes": [*known, made]})

    yield add
    every.stack.admin("PUT", "/api/routes", {"routes": known})


def ask(client, model, text=f"[[say:{WORDS}]]"):
    """The raw answer, whose headers say who served."""
    return client.chat.completions.with_raw_response.create(model=model, messages=[{"role": "user", "content": text}])


def said(answer):
    return answer.parse().choices[0].message.content


def served(answer):
    return answer.headers["x-headgate-model"]


def record(stack, answer):
    """The one record of an answer's request."""
    name = answer.headers["x-request-id"]
    until(lambda: [each for each in latest(stack) if each["requestId"] == name], 5)
    assert [each["requestId"] for each in latest(stack)].count(name) == 1
    return stack.admin("GET", f"/api/requests/{name}")


def latest(stack):
    return stack.admin("GET", "/api/requests?limit=20")["requests"]


@pytest.mark.parametrize("model", ["kiro/claude-sonnet-4.5", "kimi-web/kimi-k2-instruct", "openai/gpt-4o", "anthropic/claude-sonnet-4-6"])
def test_each_kind_serves(every, client, model):
    answer = ask(client, model)
    assert (said(answer), served(answer), answer.parse().model) == (WORDS, model, model)
    kind = model.partition("/")[0]
    found = record(every.stack, answer)
    own = [account["id"] for account in every.kiro] if kind == "kiro" else [every.others[kind]["id"]]
    assert found["accountId"] in own
    assert (found["kind"], found["ending"], len(found["attempts"])) == (kind, "served", 1)
    assert every.stack.admin("GET", f"/api/accounts/{found['accountId']}")["kind"] == kind


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_another_kind_steps_in_for_a_pool_that_fails(every, routed, failure, streamed):
    routed("my-model", ("kiro", "claude-sonnet-4.5"), ("anthropic", "claude-sonnet-4-5"))
    every.stack.sim("POST", "fail", {"times": 9, **FAILURES[failure]})
    key = every.stack.admin("POST", "/api/keys", {"name": f"{failure} {streamed}", "limits": {"requests": {"total": 9}}})
    with anthropic.Anthropic(base_url=every.stack.gateway, api_key=key["key"], max_retries=0) as client:
        asked = {"model": "my-model", "max_tokens": 500, "messages": [{"role": "user", "content": f"[[say:{WORDS}]]"}]}
        answer = client.messages.with_raw_response.create(**asked, stream=streamed)
        text = "".join(delta_of(event) for event in answer.parse()) if streamed else answer.parse().content[0].text
    assert (text, served(answer)) == (WORDS, "anthropic/claude-sonnet-4-5")
    found = record(every.stack, answer)
    *failed, last = [(attempt["kind"], bool(attempt["fault"])) for attempt in found["attempts"]]
    assert last == ("anthropic", False)
    assert set(failed) == {("kiro", True)}
    assert (found["ending"], found["status"], found["kind"], found["askedModel"]) == ("served", 200, "anthropic", "my-model")
    assert all(each["same"] for each in found["reproduced"])
    used = every.stack.admin("GET", f"/api/keys/{key['id']}")["usage"]["requests"]["total"]
    assert (used["used"], used["reserved"]) == (1, 0)


def delta_of(event):
    return event.delta.text if event.type == "content_block_delta" else ""


def test_an_endpoint_steps_in_for_the_site(every, client, routed):
    routed("my-kimi", ("kimi-web", "kimi-k2-instruct"), ("openai", "gpt-4o"))
    assert served(ask(client, "my-kimi")) == "kimi-web/kimi-k2-instruct"
    every.stack.sim("POST", "fail", {"status": 429, "times": 9}, of="kimi_web")
    answer = ask(client, "my-kimi")
    assert (said(answer), served(answer), answer.parse().model) == (WORDS, "openai/gpt-4o", "my-kimi")
    assert [attempt["kind"] for attempt in record(every.stack, answer)["attempts"]] == ["kimi-web", "openai"]


def test_a_bare_name_pools_kinds_and_kiro_is_first(every, client):
    assert served(ask(client, "claude-sonnet-4-5")) == "kiro/claude-sonnet-4.5"
    for account in every.kiro:
        every.stack.admin("POST", f"/api/accounts/{account['id']}/disable")
    answer = ask(client, "claude-sonnet-4-5")
    assert (said(answer), served(answer), answer.parse().model) == (WORDS, "anthropic/claude-sonnet-4-5", "claude-sonnet-4-5")
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client, "kiro/claude-sonnet-4.5")
    assert caught.value.code == "no_account", "who names a kind wants no other"


def test_the_names_that_clients_ask_for_as_they_come(every, client):
    for name in CLAUDE_CODE:
        assert said(ask(client, name)) == WORDS
    codex = [route["name"] for route in every.stack.admin("GET", "/api/routes")["routes"] if route["name"].startswith("gpt-")]
    assert {"gpt-6.1-sol", "gpt-5.3-codex"} <= set(codex)
    for name in codex:
        response = client.responses.with_raw_response.create(model=name, input=f"[[say:{WORDS}]]")
        assert response.parse().output_text == WORDS
        assert response.headers["x-headgate-model"].startswith(("kiro/gpt-", "openai/gpt-"))


def test_an_account_is_limited_to_its_models(every, client):
    account = every.stack.join("openai", "narrow", models=["gpt-4.1"])
    assert served(ask(client, "narrow/gpt-4.1")) == "openai/gpt-4.1"
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client, "narrow/gpt-4o")
    assert caught.value.code == "no_account", "the model is known, but not offered there"
    assert served(ask(client, "gpt-4o")) == "openai/gpt-4o"
    assert every.stack.admin("GET", f"/api/accounts/{account['id']}")["models"] == ["gpt-4.1"]
    every.stack.admin("DELETE", f"/api/accounts/{account['id']}")


def test_models_are_listed_once_with_their_window(every, client):
    listed = [model.model_dump() for model in client.models.list()]
    names = [each["id"] for each in listed]
    assert len(set(names)) == len(names)
    assert {"claude-sonnet-4.5", "kimi-k2-instruct-0905", "gpt-4o", "claude-sonnet-4-6"} <= set(names)
    assert all(each["context_window"] for each in listed if each["id"] in {"claude-sonnet-4.5", "gpt-4o"})


def test_no_secret_is_told(every, client):
    ask(client, "kimi-web/kimi-k2-instruct")
    newest = record(every.stack, ask(client, "openai/gpt-4o"))["requestId"]
    assert every.stack.sim("GET", "requests", of="kimi_web")["requests"][-1]["fields"]["nonce"] == "good"
    nonce = hashlib.sha256(b"nonce 1").hexdigest()[:10]
    secrets = [PROXY_KEY, ADMIN_PASSWORD, nonce, "aorAAAAA", "aoaAAAAA", every.others["openai"]["key"], every.others["anthropic"]["key"]]
    told = [every.stack.log(), *(httpx.get(f"{base}/metrics").text for base in (every.stack.console, every.stack.gateway))]
    told += [read(every.stack, path) for path in readable(every, newest)]
    assert len(told) > 20
    for text in told:
        assert [secret for secret in secrets if secret in text] == []


def readable(every, request_id):
    """What an administrator may read, by the control plane's own list; streams and what is about keys apart."""
    listed = httpx.get(f"{every.stack.console}/openapi.json").json()["paths"]
    paths = [path for path, methods in listed.items() if path.startswith("/api/") and "get" in methods]
    for path in paths:
        if "{account_id}" in path:
            yield from (path.format(account_id=account["id"]) for account in (*every.kiro, *every.others.values()))
        elif "{" not in path and path != "/api/events":
            yield path
        elif path == "/api/requests/{request_id}":
            yield path.format(request_id=request_id)


def read(stack, path):
    answer = httpx.get(stack.console + path, headers={"authorization": f"Bearer {ADMIN_PASSWORD}"})
    assert answer.status_code == 200 or path.endswith("/usage"), f"{path}: {answer.text}"
    return answer.text
