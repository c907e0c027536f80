"""Which names lead to which models, and what those cost: a route with a fallback and a price, and requests that feel both."""

import re
import urllib.request

from playwright.sync_api import Page, expect

from tests.browser.accessibility import axe
from tests.stack import PROXY_KEY, Stack, until

MODEL = "claude-sonnet-4.5"
LABEL = '<img src=x onerror=alert(1)><b>"שלום routes'


def ask(stack: Stack, model: str) -> str:
    """Who served a request for this name, as the answer says."""
    body = b'{"model":"%s","messages":[{"role":"user","content":"Hello"}]}' % model.encode()
    headers = {"authorization": f"Bearer {PROXY_KEY}", "content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{stack.gateway}/v1/chat/completions", body, headers), timeout=20) as answer:
        answer.read()
        return str(answer.headers["x-headgate-model"])


def test_a_route_falls_back_and_a_price_shows_in_what_requests_cost(signed_in, stack):
    page = signed_in
    stack.add_account("Fallback of the routes")
    first = stack.join("openai", LABEL)
    page.goto("/models?tab=routes")
    page.get_by_role("button", name="Add route").click()
    page.get_by_label("Name clients write").fill("story-best")
    page.get_by_role("combobox", name="Model").fill(MODEL)
    page.get_by_role("button", name="Add target").click()
    second = page.get_by_role("listitem", name="Target 2")
    second.get_by_role("combobox", name="Kind").click()
    page.get_by_role("option", name="OpenAI API").click()
    second.get_by_role("combobox", name="Model").fill("gpt-4.1-mini")
    second.get_by_role("combobox", name="Only these accounts").click()
    page.get_by_role("option", name=LABEL).click()
    page.keyboard.press("Escape")
    # By keyboard the second target becomes the first one.
    second.get_by_role("combobox", name="Model").press("Alt+ArrowUp")
    expect(page.get_by_role("listitem", name="Target 1").get_by_role("combobox", name="Model")).to_have_value("gpt-4.1-mini")
    expect(page.get_by_text("1 unsaved change")).to_be_visible()
    page.get_by_label("Name as a client writes it").fill("story-best")
    steps = page.get_by_role("list", name="Who serves, one after the other").get_by_role("listitem")
    expect(steps).to_have_text([re.compile(r"openai/gpt-4\.1-mini.*1 of 1 ready"), re.compile(rf"kiro/{MODEL}.*ready")])
    axe(page)
    page.get_by_role("button", name="Save routes").click()
    expect(page.get_by_text("Routes saved")).to_be_visible()
    expect(page.get_by_text("unsaved change")).to_be_hidden()

    price(page)
    assert ask(stack, "story-best") == "openai/gpt-4.1-mini"
    stack.admin("POST", f"/api/accounts/{first['id']}/disable")
    assert ask(stack, "story-best") == f"kiro/{MODEL}"
    until(lambda: len(stack.admin("GET", "/api/requests?model=story-best")["requests"]) == 2, 10)
    dear = stack.admin("GET", "/api/requests?model=story-best&kind=openai")["requests"][0]
    assert dear["cost"] > 1
    page.goto("/requests?model=story-best&kind=openai")
    expect(page.get_by_role("row").filter(has_text="story-best")).to_contain_text(f"${dear['cost']:,.2f}")


def price(page: Page) -> None:
    page.get_by_role("tab", name="Prices").click()
    page.get_by_role("button", name="Add price").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Model").fill("openai/gpt-4.1-mini")
    dialog.get_by_label("Input").fill("500000")
    dialog.get_by_label("Output").fill("900000")
    dialog.get_by_role("button", name="Save").click()
    row = page.get_by_role("row", name="openai/gpt-4.1-mini")
    expect(row).to_contain_text("$500,000.00")
    expect(row).to_contain_text("$50,000.00")
    axe(page)


def test_routes_of_somebody_else_are_not_overwritten_and_faults_are_told_where_they_are(signed_in, stack, watch):
    watch.expects(r"status of 400 .*/api/routes")
    page = signed_in
    page.goto("/models?tab=routes")
    page.get_by_role("button", name="Add route").click()
    page.get_by_label("Name clients write").fill("kiro/mine")
    page.get_by_role("combobox", name="Model").fill(MODEL)
    # What is unsaved stays while one looks elsewhere.
    page.get_by_role("link", name="Audit").click()
    expect(page.get_by_role("heading", name="Audit", level=1)).to_be_visible()
    page.get_by_role("link", name="Models").click()
    page.get_by_role("tab", name="Routes · unsaved").click()
    page.get_by_role("button", name="Save routes").click()
    expect(page.get_by_text("must not begin with the name of a kind")).to_be_visible()
    page.get_by_label("Name clients write").fill("story-mine")
    theirs = stack.admin("GET", "/api/routes")["routes"]
    theirs.append({"name": "story-theirs", "match": "exact", "targets": [{"kind": "kiro", "model": MODEL}]})
    stack.admin("PUT", "/api/routes", {"routes": theirs})
    page.get_by_role("button", name="Save routes").click()
    expect(page.get_by_role("alert").filter(has_text="changed by somebody else")).to_be_visible()
    assert "story-theirs" in [route["name"] for route in stack.admin("GET", "/api/routes")["routes"]]
    page.get_by_role("button", name="Discard mine, edit theirs").click()
    expect(page.get_by_role("button", name=re.compile("^story-theirs"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^story-mine"))).to_be_hidden()


def test_models_are_found_by_what_leads_to_them(signed_in_phone, stack):
    page = signed_in_phone
    stack.add_account("Models on a phone")
    page.goto("/models")
    page.get_by_role("textbox", name="Model, alias or route").fill("claude-sonnet-4-5")
    row = page.get_by_role("row", name=MODEL).filter(has_text="Kiro")
    expect(row).to_contain_text("200K")
    expect(row).to_contain_text("$3.00 / $15.00")
    expect(page).to_have_url(re.compile("q=claude-sonnet-4-5"))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    axe(page)
