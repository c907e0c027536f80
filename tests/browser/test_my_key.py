"""My key: what the holder of a key sees of it, without an account in the console."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import axe
from tests.browser.test_keys import MODEL, ask
from tests.stack import Stack, until


@pytest.fixture(scope="module")
def served(stack: Stack) -> Stack:
    """Somebody serves the model."""
    stack.add_account("my key story", used=0, limit=100_000)
    until(lambda: any(each["id"] == MODEL for each in stack.admin("GET", "/api/models?limit=500")["models"]), 10)
    return stack


def look(page: Page, key: str) -> None:
    page.goto("/my-key")
    field = page.get_by_role("textbox", name="Your key")
    expect(field).to_have_attribute("type", "password")
    field.fill(key)
    field.press("Enter")


def test_the_holder_sees_what_the_console_sees(page, served):
    made = served.admin(
        "POST",
        "/api/keys",
        {"name": "Held", "limits": {"requests": {"day": 20}, "tokens": {"month": 90_000}}, "allowedModels": ["claude-*"]},
    )
    for _ in range(3):
        ask(served, made["key"])
    until(lambda: served.admin("GET", f"/api/keys/{made['id']}")["stats"]["totalRequests"] == 3, 5)
    told = served.admin("GET", f"/api/keys/{made['id']}")["usage"]
    look(page, made["key"])
    requests = page.get_by_role("meter", name="Requests today")
    expect(requests).to_have_attribute("aria-valuenow", "3")
    expect(page.get_by_text("17 left of 20")).to_be_visible()
    expect(page.get_by_role("meter", name="Tokens this month")).to_have_attribute("aria-valuenow", str(told["tokens"]["month"]["used"]))
    models = page.get_by_role("region", name="Models you may use").get_by_role("listitem")
    expect(models.filter(has_text=MODEL).first).to_be_visible()
    assert all("claude" in name for name in models.all_inner_texts())

    # A request from here is counted, and the key is nowhere but in memory.
    page.get_by_role("button", name="Send a test request now").click()
    expect(page.get_by_text("It works.")).to_be_visible()
    page.get_by_role("button", name="Refresh").click()
    expect(requests).to_have_attribute("aria-valuenow", "4")
    kept = page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href, document.cookie])")
    assert made["key"] not in kept
    axe(page)
    page.reload()
    expect(page.get_by_role("textbox", name="Your key")).to_have_value("")


def test_what_is_wrong_with_a_key_is_said(page, served, watch):
    watch.expects(r"status of 40[13] ")
    look(page, "kg-nobody-knows-this")
    expect(page.get_by_role("alert")).to_contain_text("does not know this key")
    axe(page)
    for fields, words in (
        ({"enabled": False}, "is disabled"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "has expired"),
        ({"allowedIps": ["10.9.8.7"]}, "may not be used from where you are"),
    ):
        made = served.admin("POST", "/api/keys", {"name": f"Wrong: {words}", **fields})
        page.get_by_role("button", name="Another key").click()
        page.get_by_role("textbox", name="Your key").fill(made["key"])
        page.get_by_role("button", name="Show my key").click()
        expect(page.get_by_role("alert")).to_contain_text(words)


def test_a_gateway_that_is_away_is_told(page, stack, watch):
    watch.expects(r"ERR_FAILED|Failed to load resource")
    page.route(re.compile(f"^{re.escape(stack.gateway)}/"), lambda route: route.abort())
    look(page, "kg-any")
    expect(page.get_by_role("alert")).to_contain_text(f"does not reach the gateway at {stack.gateway}")


def test_it_fits_on_a_phone(phone, served):
    made = served.admin("POST", "/api/keys", {"name": "Held on a phone", "limits": {"credits": {"month": 5}}})
    look(phone, made["key"])
    expect(phone.get_by_role("meter", name="Credits this month")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    axe(phone)
