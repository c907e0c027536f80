"""Where messages go on the kimi-ai.chat site, through the whole stack: where its page says, as long as that is the site's own."""

import os
import re
import signal

import pytest

from tests.stack import PROXY_KEY, Stack, answers, call, until

MODEL = "kimi-k2-instruct-0905"

pytestmark = pytest.mark.slow


@pytest.fixture
def stack():
    with Stack(beside=("kimi_web",)) as running:
        yield running


def ask(stack):
    body = {"model": MODEL, "messages": [{"role": "user", "content": "[[say:here]]"}]}
    answer = call("POST", f"{stack.gateway}/v1/chat/completions", body, {"authorization": f"Bearer {PROXY_KEY}"})
    return answer["choices"][0]["message"]["content"]


def good_until(stack, account):
    """The end of its nonce's life, which says when it was fetched."""
    return stack.admin("GET", f"/api/accounts/{account['id']}")["expiresAt"]


def test_messages_follow_the_page(stack):
    stack.sim("POST", "settings", {"page": "moved"}, of="kimi_web")
    account = stack.join("kimi-web", "of the site")
    assert ask(stack) == "here"

    known, started = good_until(stack, account), stack.log().count("control plane started")
    os.kill(int(re.findall(r"control plane started pid=(\d+)", stack.log())[-1]), signal.SIGKILL)
    until(lambda: stack.log().count("control plane started") > started, 10)
    until(lambda: answers(f"{stack.gateway}/ready") and answers(f"{stack.console}/ready"), 15, stack.log)
    until(lambda: good_until(stack, account) != known, 10, stack.log)
    assert ask(stack) == "here", "it is stored nowhere, so the page was read again"

    stack.sim("POST", "settings", {"page": "elsewhere"}, of="kimi_web")
    stack.admin("POST", f"/api/accounts/{account['id']}/refresh")
    assert ask(stack) == "here", "what leads to another site is not followed"
    assert stack.sim("GET", "counters", of="kimi_web")["rejections"] == {}
