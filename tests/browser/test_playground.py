"""The playground: each API streams, the wire is shown, what runs can be stopped, and errors are told in words."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import axe
from tests.stack import PROXY_KEY, Stack, until

MODEL = "claude-sonnet-4.5"
# Said by a model; nothing of it may become part of the page.
NASTY = '<img src=x onerror=alert(1)><b>" שלום'
APIS = {
    "Chat": ("POST", "/v1/chat/completions", '"object":"chat.completion.chunk"', "[DONE]"),
    "Responses": ("POST", "/v1/responses", "response.output_text.delta", "response.completed"),
    "Messages": ("POST", "/v1/messages", "content_block_delta", "message_stop"),
}


@pytest.fixture(scope="module", autouse=True)
def account(stack: Stack) -> None:
    stack.add_account(f"Playground {NASTY}")


def script(name: str, **options: object) -> str:
    return f"[[sim:{name} {json.dumps(options)}]]"


def ask(page: Page, text: str, *, api: str = "Chat", model: str = MODEL) -> None:
    page.get_by_text(api, exact=True).click()
    page.get_by_label("Model", exact=False).first.fill(model)
    page.get_by_label("Turn 1", exact=True).fill(text)
    page.keyboard.press("Control+Enter")


@pytest.mark.parametrize("api", APIS)
def test_text_grows_and_the_wire_is_shown(signed_in, api):
    method, path, piece, last = APIS[api]
    page = signed_in
    page.goto("/playground")
    expect(page.get_by_text("With a pass for half an hour.", exact=False)).to_be_visible()
    ask(page, script("text", words=40, pause=0.05, piece=8), api=api)
    expect(page.get_by_text("Answering", exact=True)).to_be_visible()
    answer = page.get_by_role("region", name="Text of the answer")
    early = answer.inner_text()
    expect(page.get_by_text("Answering", exact=True)).to_be_visible()
    expect(page.get_by_text("Complete", exact=True)).to_be_visible()
    whole = answer.inner_text()
    assert whole.startswith(early)
    assert 0 < len(early) < len(whole)
    sent = page.get_by_role("region", name="Request as sent")
    expect(sent).to_contain_text(f"{method} ")
    expect(sent).to_contain_text(path)
    expect(sent).to_contain_text("••••••••")
    assert "hgp-" not in page.content()
    wire = page.get_by_role("list", name="Wire")
    expect(wire).to_contain_text(piece)
    expect(wire).to_contain_text(last)
    page.get_by_label("Filter events").fill(last)
    expect(wire.get_by_role("listitem")).to_have_count(1)
    wire.get_by_role("group").first.locator("summary").click()
    expect(wire.locator("pre")).to_contain_text(last)


def test_one_stops_and_the_request_is_recorded_as_cancelled(signed_in, stack, watch):
    page = signed_in
    page.goto("/playground")
    ask(page, script("endless", pause=0.02))
    expect(page.get_by_role("region", name="Text of the answer")).to_contain_text("and on")
    page.get_by_label("Turn 1", exact=True).focus()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Stopped", exact=True)).to_be_visible()
    link = page.get_by_role("link", name=re.compile("^req_"))
    request_id = link.inner_text()

    def cancelled() -> bool:
        rows = stack.admin("GET", f"/api/requests?requestId={request_id}")["requests"]
        return bool(rows and rows[0]["ending"] == "cancelled" and rows[0]["keyId"] == "console")

    until(cancelled, 8)
    link.click()
    page.go_back()
    expect(page.get_by_text("Stopped", exact=True)).to_be_visible()


def test_an_error_is_told_in_words_and_as_it_came(page, stack, watch):
    """With a key, and nobody signed in."""
    watch.expects(r"status of (401|404) ")
    page.goto("/playground")
    page.get_by_label("Key", exact=True).fill(PROXY_KEY)
    ask(page, "Hello", model="no-such-model", api="Messages")
    alert = page.get_by_role("alert").filter(has_text="The model or the address is unknown.")
    expect(alert).to_contain_text("no-such-model")
    expect(page.get_by_role("region", name="The error as the client gets it")).to_contain_text("not_found_error")
    expect(page.get_by_text("Failed", exact=True)).to_be_visible()
    alert.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Errors and troubleshooting")).to_be_in_viewport()


def test_what_a_model_says_stays_text_and_the_conversation_goes_on(signed_in, stack):
    page = signed_in
    page.goto("/playground")
    stack.sim("POST", "script", {"script": "reasoning", "options": {"text": NASTY, "thought": f"thinking {NASTY}"}})
    ask(page, "Say something nasty")
    expect(page.get_by_text("Complete", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Text of the answer")).to_have_text(NASTY)
    page.get_by_text("Reasoning", exact=True).click()
    expect(page.get_by_text(f"thinking {NASTY}", exact=True)).to_be_visible()
    expect(page.get_by_text(f"Playground {NASTY}", exact=False).first).to_be_visible()
    assert page.locator("img").count() == 0
    axe(page)
    page.get_by_role("button", name="Continue this conversation").click()
    expect(page.get_by_label("Turn 2", exact=True)).to_have_value(NASTY)
    page.get_by_label("Turn 3", exact=True).fill("[[sim:tools]]")
    page.get_by_role("switch", name="Sample tool").check()
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("region", name="Input of get_weather")).to_be_visible()


def test_on_a_phone_there_are_tabs(signed_in_phone):
    page = signed_in_phone
    page.goto("/playground")
    ask(page, "Hello from a phone")
    expect(page.get_by_text("Complete", exact=True)).to_be_visible()
    page.get_by_role("tab", name="Wire").tap()
    expect(page.get_by_role("region", name="Request as sent")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    axe(page)
