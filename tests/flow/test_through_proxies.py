"""Accounts with a proxy of their own: all of their requests go through it, and its password is nobody's business."""

import asyncio

import httpx
import pytest

from tests.simulators.proxies import HttpProxy, SocksProxy
from tests.stack import PROXY_KEY, until

pytestmark = pytest.mark.slow

PASSWORD = "correct-horse-battery"
PAGES = ("accounts", "audit", "requests", "settings", "proxy/logs")
MODELS = {"openai": "gpt-4o", "kiro": "claude-sonnet-4.5"}


def join(stack, kind, label, proxy_url):
    """An account whose first request goes through the proxy already; its id."""
    if kind == "openai":
        return stack.join(kind, label, proxyUrl=proxy_url)["id"]
    made = stack.sim("POST", "accounts", {})
    account = stack.admin("POST", "/api/accounts", {"label": label, "refreshToken": made["refreshToken"], "proxyUrl": proxy_url})
    until(lambda: stack.admin("GET", f"/api/accounts/{account['id']}")["hasAccessToken"], 10)
    return account["id"]


def chat(stack, label, kind, **more):
    body = {"model": f"{label}/{MODELS[kind]}", "messages": [{"role": "user", "content": "[[say:by way of it]]"}], **more}
    return httpx.post(f"{stack.gateway}/v1/chat/completions", json=body, headers={"x-api-key": PROXY_KEY}, timeout=30)


def place(stack, kind):
    """Where the account's requests must arrive."""
    address = httpx.URL(stack.simulators[kind])
    return (address.host, address.port)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("proxy", [HttpProxy, SocksProxy], ids=["http", "socks5"])
async def test_everything_goes_through_it(every, kind, proxy):
    stack, label = every.stack, f"{kind} by {proxy.scheme}"
    async with proxy(f"ann:{PASSWORD}") as way:
        account = await asyncio.to_thread(join, stack, kind, label, way.url)
        path = f"/api/accounts/{account}"
        verified = await asyncio.to_thread(stack.admin, "POST", f"{path}/verify")
        assert (verified["valid"], verified["account"]["status"]) == (True, "active")
        asked = way.connections
        whole = await asyncio.to_thread(chat, stack, label, kind)
        assert (whole.status_code, whole.json()["choices"][0]["message"]["content"]) == (200, "by way of it")
        assert way.connections > asked, "the data plane's way is its own"
        streamed = await asyncio.to_thread(chat, stack, label, kind, stream=True)
        assert streamed.text.endswith("data: [DONE]\n\n")
        assert set(way.targets) == {place(stack, kind)}
        shown = await asyncio.to_thread(stack.admin, "GET", path)
        assert shown["proxyUrl"].startswith(f"{way.scheme}://ann")
        assert f"127.0.0.1:{way.port}" in shown["proxyUrl"]
    gone = await asyncio.to_thread(chat, stack, label, kind)
    assert (gone.status_code, gone.json()["error"]["message"]) == (503, "the upstream cannot be reached")
    verified = await asyncio.to_thread(stack.admin, "POST", f"{path}/verify")
    assert not verified["valid"], "nor is its list of models"
    told = [gone.text, verified, shown, stack.log(), *[await asyncio.to_thread(stack.admin, "GET", f"/api/{page}") for page in PAGES]]
    assert PASSWORD not in str(told)
    await asyncio.to_thread(stack.admin, "DELETE", path)
