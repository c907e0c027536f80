"""What the gateway remembers for its clients: sessions of the site's users, and answers that later ones build on."""

import asyncio
import os
import re
import signal

import httpx
import openai
import pytest

from tests.stack import PROXY_KEY, until

pytestmark = pytest.mark.slow

SITE, MODEL = "kimi-k2-instruct-0905", "kiro/claude-sonnet-4.5"


@pytest.fixture
def client(every):
    with openai.OpenAI(base_url=f"{every.stack.gateway}/v1", api_key=PROXY_KEY, max_retries=0) as made:
        yield made


@pytest.fixture
def stranger(every):
    """A client with a key of its own."""
    key = every.stack.admin("POST", "/api/keys", {"name": "stranger"})
    with openai.OpenAI(base_url=f"{every.stack.gateway}/v1", api_key=key["key"], max_retries=0) as made:
        yield made
    every.stack.admin("DELETE", f"/api/keys/{key['id']}")


@pytest.fixture
def echo(every):
    """The site says what it was sent, all of it."""
    every.stack.sim("POST", "settings", {"echo": True}, of="kimi_web")
    yield
    every.stack.sim("POST", "settings", {"echo": False}, of="kimi_web")


@pytest.fixture
def user(request):
    """Nobody else's name."""
    return request.node.name


def say(client, text, user, **more):
    answer = client.chat.completions.create(model=SITE, messages=[{"role": "user", "content": text}], user=user, **more)
    return answer.choices[0].message.content


def get(every, path, method="GET", **headers):
    return httpx.request(method, every.stack.gateway + path, headers={"x-api-key": PROXY_KEY, **headers})


def users(every):
    return [each["user"] for each in get(every, "/v1/sessions").json()["sessions"]]


def prompts(every):
    return [each["fields"]["message"] for each in every.stack.sim("GET", "requests", of="kimi_web")["requests"]]


@pytest.mark.usefixtures("echo")
def test_a_user_need_only_say_what_is_new(client, stranger, user):
    assert say(client, "My name is Ann.", user) == "My name is Ann."
    heard = say(client, "Who am I?", user)
    assert heard == "User: My name is Ann.\n\nModel: My name is Ann.\n\nUser: Who am I?"
    assert say(stranger, "Who am I?", user) == "Who am I?"
    assert say(client, "Who am I?", user, extra_headers={"x-headgate-session": "off"}) == "Who am I?"
    assert say(client, "Who am I?", f"another than {user}") == "Who am I?"


@pytest.mark.usefixtures("echo")
def test_who_brings_the_history_needs_none(client, user):
    say(client, "My name is Ann.", user)
    messages = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Who am I?"}]
    answer = client.chat.completions.create(model=SITE, messages=messages, user=user)
    assert "Ann" not in answer.choices[0].message.content


def test_sessions_are_listed_and_can_be_forgotten(every, client, stranger, user):
    say(client, "My name is Ann.", user)
    say(client, "And more.", user)
    (found,) = [each for each in get(every, "/v1/sessions").json()["sessions"] if each["user"] == user]
    assert found["turns"] == 4
    assert found["bytes"] > 0
    assert stranger.get("/sessions", cast_to=object)["sessions"] == []
    with pytest.raises(openai.NotFoundError):
        stranger.delete(f"/sessions/{user}", cast_to=object)
    assert get(every, f"/v1/sessions/{user}", "DELETE").status_code == 204
    assert user not in users(every)
    assert get(every, f"/v1/sessions/{user}", "DELETE").status_code == 404
    say(client, "Who am I?", user)
    assert prompts(every)[-1] == "Who am I?"


def test_a_killed_summarizer_has_forgotten_nothing(every, client, user):
    say(client, "My name is Ann.", user)
    kept = client.responses.create(model=MODEL, input="[[say:The word is lemon.]]")
    log = every.stack.log()
    os.kill(int(re.findall(r"summarizer started pid=(\d+)", log)[-1]), signal.SIGKILL)
    until(lambda: every.stack.log().count("summarizer serving") > log.count("summarizer serving"), 15, every.stack.log)
    until(lambda: get(every, "/v1/sessions").status_code == 200, 15, every.stack.log)
    assert user in users(every)
    say(client, "Who am I?", user)
    assert "My name is Ann." in prompts(every)[-1]
    assert client.responses.retrieve(kept.id).output_text == "The word is lemon."


def test_turns_of_one_user_do_not_interleave(every, client, user):
    count = 5
    every.stack.sim("POST", "script", {"script": "text", "options": {"pause": 0.1}, "times": count}, of="kimi_web")

    async def at_once():
        async with openai.AsyncOpenAI(base_url=f"{every.stack.gateway}/v1", api_key=PROXY_KEY, max_retries=0) as many:
            asked = [
                many.chat.completions.create(model=SITE, messages=[{"role": "user", "content": f"Word {n}."}], user=user)
                for n in range(count)
            ]
            return await asyncio.gather(*asked)

    asyncio.run(at_once())
    say(client, "What did I say?", user)
    turns = prompts(every)[-1].split("\n\n")[:-1]
    assert sorted(turns[::2]) == [f"User: Word {n}." for n in range(count)]
    assert turns[1::2] == [f"Model: You said: {turn.removeprefix('User: ')}" for turn in turns[::2]], "each is followed by its own answer"
    assert [len(prompt.split("\n\n")) for prompt in prompts(every)[:count]] == [1, 3, 5, 7, 9], "each knew all before it"


def test_an_answer_builds_on_an_earlier_one(every, client):
    first = client.responses.create(model=MODEL, input="[[say:The word is lemon.]]")
    second = client.responses.create(model=MODEL, input="Which word?", previous_response_id=first.id)
    third = client.responses.create(model="openai/gpt-4o", input="Once more?", previous_response_id=second.id)
    assert (second.previous_response_id, third.previous_response_id) == (first.id, second.id)
    asked = str(every.stack.sim("GET", "requests")["requests"][-1]["body"])
    assert "The word is lemon." in asked
    assert "Which word?" in asked
    asked = str(every.stack.sim("GET", "requests", of="openai")["requests"][-1]["body"])
    assert all(text in asked for text in ("The word is lemon.", "Which word?", "Once more?"))


def test_an_answer_can_be_fetched_and_forgotten(client):
    with client.responses.stream(model=MODEL, input="[[say:The word is lemon.]]", metadata={"topic": "fruit"}) as stream:
        made = stream.get_final_response()
    found = client.responses.retrieve(made.id)
    assert (found.output_text, found.metadata, found.usage) == ("The word is lemon.", {"topic": "fruit"}, made.usage)
    client.responses.delete(made.id)
    for gone in (lambda: client.responses.retrieve(made.id), lambda: client.responses.delete(made.id)):
        with pytest.raises(openai.NotFoundError):
            gone()
    with pytest.raises(openai.NotFoundError) as caught:
        client.responses.create(model=MODEL, input="Which word?", previous_response_id=made.id)
    assert (caught.value.code, caught.value.param) == ("previous_response_not_found", "previous_response_id")


def test_nobody_elses_answer_is_known(client, stranger):
    made = client.responses.create(model=MODEL, input="[[say:The word is lemon.]]")
    with pytest.raises(openai.NotFoundError) as caught:
        stranger.responses.create(model=MODEL, input="Which word?", previous_response_id=made.id)
    assert caught.value.code == "previous_response_not_found"
    for other in (stranger.responses.retrieve, stranger.responses.delete):
        with pytest.raises(openai.NotFoundError):
            other(made.id)
    assert client.responses.retrieve(made.id).id == made.id


def test_what_is_not_to_be_kept_is_not(client):
    made = client.responses.create(model=MODEL, input="hi", store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


def test_a_websocket_is_declined_so_that_clients_go_on_by_http(every):
    refused = get(every, "/v1/responses", connection="Upgrade", upgrade="websocket")
    assert (refused.status_code, refused.json()["error"]["type"]) == (426, "invalid_request_error")
    assert get(every, "/v1/responses").status_code == 405
