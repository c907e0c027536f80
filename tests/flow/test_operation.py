"""The stack as an operator knows it: accounts of other kinds, managed keys, a killed service, a slow client."""

import os
import re
import signal
import socket
import time

import openai
import pytest

from tests.stack import PROXY_KEY, Stack, answers, until

MODEL = "claude-sonnet-4.5"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def own():
    """A stack that these tests may hurt."""
    with Stack() as stack:
        yield stack


@pytest.fixture
def client(own):
    with openai.OpenAI(base_url=f"{own.gateway}/v1", api_key=PROXY_KEY, max_retries=0) as made:
        yield made


def ask(client, text="hi", **more):
    return client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": text}], **more)


def test_before_there_is_an_account_the_answer_says_so(own, client):
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client)
    assert caught.value.status_code == 503
    assert caught.value.body["code"] == "no_account"
    assert caught.value.response.headers["retry-after"]


@pytest.mark.parametrize("method", ["idc", "builder-id", "social"])
def test_every_way_to_sign_in(own, client, method):
    account = own.add_account(method, method=method, rotates=True)
    assert ask(client).choices[0].message.content
    own.sim("POST", "expire", {"account": account["sim"]})
    assert ask(client).choices[0].message.content, "the rotated token works"
    shown = own.admin("GET", f"/api/accounts/{account['id']}")
    assert shown["status"] == "active"
    assert "efreshToken" not in str(set(shown) - {"hasRefreshToken"})
    own.admin("DELETE", f"/api/accounts/{account['id']}")


def test_a_managed_key_does_what_it_may(own):
    own.add_account("shared")
    key = own.admin("POST", "/api/keys", {"name": "team", "allowedModels": ["claude-sonnet-*"]})
    assert re.fullmatch("kg-[0-9a-f]{48}", key["key"])
    with openai.OpenAI(base_url=f"{own.gateway}/v1", api_key=key["key"], max_retries=0) as team:
        assert ask(team).choices[0].message.content
        assert {model.id.rpartition("/")[2][:13] for model in team.models.list()} == {"claude-sonnet"}
        with pytest.raises(openai.PermissionDeniedError) as caught:
            team.chat.completions.create(model="claude-haiku-4.5", messages=[{"role": "user", "content": "hi"}])
        assert caught.value.body["code"] == "model_not_allowed"
        until(lambda: own.admin("GET", f"/api/keys/{key['id']}")["stats"]["totalRequests"] >= 1, 5)
        own.admin("PUT", f"/api/keys/{key['id']}", {"enabled": False})
        with pytest.raises(openai.AuthenticationError):
            ask(team)


def test_a_killed_control_plane_comes_back_with_everything(own, client):
    ask(client)
    until(lambda: own.admin("GET", "/api/proxy/stats")["backlog"] == 0, 5)
    before = own.admin("GET", "/api/proxy/stats")["stats"]["totalRequests"]
    pid = int(re.findall(r"control plane started pid=(\d+)", own.log())[-1])
    os.kill(pid, signal.SIGKILL)
    until(lambda: own.log().count("control plane started") >= 2, 10)
    until(lambda: answers(f"{own.gateway}/ready") and answers(f"{own.console}/ready"), 15, own.log)
    # An outcome that it had not acknowledged comes again with the data plane's next hello.
    until(lambda: own.admin("GET", "/api/proxy/stats")["stats"]["totalRequests"] == before, 10)
    assert ask(client).choices[0].message.content


def test_a_killed_data_plane_comes_back(own, client):
    pid = int(re.findall(r"data plane started pid=(\d+)", own.log())[-1])
    os.kill(pid, signal.SIGKILL)
    until(lambda: own.log().count("data plane started") >= 2, 10)
    until(lambda: answers(f"{own.gateway}/ready"), 15, own.log)
    assert ask(client).choices[0].message.content


def test_a_client_that_does_not_read_slows_the_upstream_down(own):
    own.sim("POST", "reset")
    text = '[[sim:endless {\\"pause\\": 0, \\"repeat\\": 200}]]'
    body = f'{{"model":"{MODEL}","stream":true,"messages":[{{"role":"user","content":"{text}"}}]}}'.encode()
    with socket.create_connection(("127.0.0.1", own.ports[0])) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %s\r\ncontent-length: %d\r\n\r\n%s"
            % (PROXY_KEY.encode(), len(body), body)
        )
        slow.recv(100)
        time.sleep(1.5)
        first = own.sim("GET", "requests")["requests"][-1]["bytes_sent"]
        time.sleep(1.0)
        second = own.sim("GET", "requests")["requests"][-1]["bytes_sent"]
    assert second == first, "the upstream stands still while the client does"
    assert second < 64_000_000
    until(lambda: own.sim("GET", "requests")["requests"][-1]["aborted"], 5)


def test_settings_change_at_run_time(own, client):
    assert own.admin("PUT", "/api/settings", {"schedulingMode": "smart"})["schedulingMode"] == "smart"
    with pytest.raises(RuntimeError, match="schedulingMode"):
        own.admin("PUT", "/api/settings", {"schedulingMode": "random"})


def test_the_summarizer_is_asked_when_a_conversation_is_long(own, client):
    """Of one turn nothing can be replaced."""
    ask(client, "word " * 120_000)
    metrics = own.summarizer_metrics()
    assert re.search(r'headgate_summarizer_conversations_total\{result="no-gain"\} 1', metrics)


def test_no_secret_reaches_the_log(own):
    log = own.log()
    for secret in (PROXY_KEY, "aorAAAAA", "aoaAAAAA", "kg-"):
        assert secret not in log
