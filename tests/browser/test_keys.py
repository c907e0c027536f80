"""Keys: made with limits, used, refused, rotated, deleted and brought back, as an administrator lives through it."""

import re
from typing import Any

import pytest
from openai import APIStatusError, OpenAI
from playwright.sync_api import Page, expect

from tests.browser.accessibility import axe
from tests.stack import Stack, until

NASTY = 'a <img src=x onerror=alert(1)><b>" שלום ' + "long " * 11
MODEL = "claude-sonnet-4.5"


@pytest.fixture(scope="module")
def served(stack: Stack) -> Stack:
    """Somebody serves the model."""
    stack.add_account("keys story", used=0, limit=100_000)
    until(lambda: any(each["id"] == MODEL for each in stack.admin("GET", "/api/models?limit=500")["models"]), 10)
    return stack


def ask(stack: Stack, key: str) -> str:
    """A short request with the real SDK; the answer's text."""
    client = OpenAI(base_url=f"{stack.gateway}/v1", api_key=key, max_retries=0)
    answer = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hello!"}])
    return answer.choices[0].message.content or ""


def refusal(stack: Stack, key: str) -> int:
    """The status with which a request is refused."""
    with pytest.raises(APIStatusError) as caught:
        ask(stack, key)
    return caught.value.status_code


def copied(page: Page, group: str) -> str:
    """What the copy button of a text puts into the clipboard."""
    page.get_by_role("group", name=group).get_by_role("button", name="Copy").click()
    return str(page.evaluate("navigator.clipboard.readText()"))


def create(page: Page, name: str, **limits: str) -> str:
    """A new key by way of the dialog, which stays open; the key."""
    page.get_by_role("button", name="New key").first.click()
    dialog = page.get_by_role("dialog", name="New key")
    dialog.get_by_label("Name", exact=True).fill(name)
    for label, value in limits.items():
        dialog.get_by_label(label.replace("_", ", ").replace("-", " ")).fill(value)
    dialog.get_by_role("button", name="Create key").click()
    return secret(page, "The new key")


def secret(page: Page, title: str) -> str:
    shown = page.get_by_role("dialog", name=title).get_by_role("region", name="The key")
    expect(shown).to_have_text(re.compile("^kg-"))
    return shown.inner_text().strip()


def row(page: Page, name: str) -> Any:
    return page.get_by_role("table", name="Keys").get_by_role("row", name=f"Open {name}")


def test_a_key_from_its_making_to_its_end(open_page, administrator, served, watch):
    """Made, tried, copied, used, limited, rotated, deleted, brought back."""
    stack = served
    page = open_page(storage_state=administrator, permissions=["clipboard-read", "clipboard-write"])
    page.goto("/keys")
    key = create(page, "Story laptop", **{"Requests_per-day": "50"})

    # What is copied is what the client needs, with this key and this gateway.
    dialog = page.get_by_role("dialog", name="The new key")
    expect(dialog.get_by_role("combobox", name="Model")).to_have_value(MODEL)
    text = copied(page, "In a terminal")
    assert f"export ANTHROPIC_BASE_URL='{stack.gateway}'" in text
    assert f"export ANTHROPIC_AUTH_TOKEN='{key}'" in text
    dialog.get_by_role("tab", name="Codex").click()
    assert f'base_url = "{stack.gateway}/v1"' in copied(page, "Into ~/.codex/config.toml")

    # The test request is answered by the data plane.
    dialog.get_by_role("button", name="Send a test request now").click()
    expect(dialog.get_by_role("region", name="Answer of the test request")).not_to_be_empty()
    expect(dialog.get_by_text("It works.")).to_be_visible()
    axe(page)
    dialog.get_by_role("button", name="I have kept it").click()

    # The list grows live with what the real SDK uses.
    expect(row(page, "Story laptop")).to_contain_text("49 left of 50")
    assert ask(stack, key)
    expect(row(page, "Story laptop")).to_contain_text("48 left of 50")
    assert key not in page.content()

    # A lower limit holds at once, and the console says why.
    row(page, "Story laptop").click()
    drawer = page.get_by_role("dialog", name="Story laptop")
    expect(drawer.get_by_role("meter", name="Requests today")).to_have_attribute("aria-valuenow", "2")
    drawer.get_by_role("tab", name="Edit").click()
    drawer.get_by_label("Requests, per day").fill("2")
    drawer.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved: Story laptop")).to_be_visible()
    assert refusal(stack, key) == 429
    drawer.get_by_role("tab", name="Would it pass?").click()
    drawer.get_by_role("combobox", name="Model", exact=True).fill(MODEL)
    drawer.get_by_role("button", name="Check").click()
    expect(drawer.get_by_role("alert")).to_contain_text("A limit of the key stands against it.")
    expect(drawer.get_by_role("alert")).to_contain_text(re.compile(r"Try again in \d+"))
    drawer.get_by_role("tab", name="Edit").click()
    drawer.get_by_label("Requests, per day").fill("50")
    drawer.get_by_role("button", name="Save").click()
    expect(drawer.get_by_role("button", name="Save")).to_be_disabled()
    drawer.get_by_role("tab", name="Usage").click()
    expect(drawer.get_by_role("img", name=re.compile("Tokens by day and model"))).to_be_visible()

    # Rotated with grace, both secrets work.
    drawer.get_by_role("button", name="Rotate").click()
    page.get_by_role("dialog", name="Rotate").get_by_role("button", name="Rotate").click()
    renewed = secret(page, "The new secret of the key")
    assert renewed != key
    page.get_by_role("button", name="I have kept it").click()
    assert ask(stack, key)
    assert ask(stack, renewed)
    drawer.get_by_role("tab", name="Overview").click()
    expect(drawer.get_by_text("Old secret good until")).to_be_visible()

    # Deleted it works no more, and brought back it does.
    drawer.get_by_role("button", name="Delete").click()
    expect(drawer).to_be_hidden()
    expect(row(page, "Story laptop")).to_be_hidden()
    assert refusal(stack, renewed) == 401
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Restored: Story laptop")).to_be_visible()
    expect(row(page, "Story laptop")).to_be_visible()
    assert ask(stack, renewed)


def test_a_foreign_name_and_filters_that_live_in_the_address(signed_in, served):
    page = signed_in
    made = served.admin("POST", "/api/keys", {"name": NASTY.strip(), "limits": {"tokens": {"month": 10}}})
    page.goto("/keys?q=onerror")
    table = page.get_by_role("table", name="Keys")
    expect(table.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    expect(table.get_by_role("row")).to_have_count(2)
    axe(page)
    page.get_by_role("combobox", name="Status").click()
    page.get_by_role("option", name="Disabled").click()
    expect(page).to_have_url(re.compile(r"enabled=no"))
    expect(page.get_by_text("Nothing matches these filters")).to_be_visible()
    page.get_by_role("button", name="Clear filters").first.click()
    page.goto(f"/keys/{made['id']}")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("Tokens this month")).to_be_visible()
    axe(page)
    drawer.get_by_role("button", name="Disable").click()
    expect(drawer.get_by_text("Disabled", exact=True)).to_be_visible()
    drawer.get_by_role("link", name="Its requests").click()
    expect(page).to_have_url(re.compile(f"/requests\\?key={made['id']}"))


def test_what_is_wrong_in_the_form_is_said_at_its_field(signed_in, watch):
    watch.expects(r"status of 400 ")
    page = signed_in
    page.goto("/keys")
    page.get_by_role("button", name="New key").first.click()
    dialog = page.get_by_role("dialog", name="New key")
    dialog.get_by_role("button", name="Friend").click()
    expect(dialog.get_by_label("Requests, per minute")).to_have_value("10")
    dialog.get_by_label("Name", exact=True).fill("never made")
    addresses = dialog.get_by_role("combobox", name="Addresses")
    addresses.fill("here")
    addresses.press("Enter")
    axe(page)
    dialog.get_by_role("button", name="Create key").click()
    expect(addresses).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_text("is neither an address nor a network")).to_be_visible()
    expect(addresses).to_be_focused()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()


def test_on_a_phone_keys_are_cards(signed_in_phone, served):
    page = signed_in_phone
    served.admin("POST", "/api/keys", {"name": "Pocket", "limits": {"requests": {"minute": 5}, "concurrency": 2}})
    page.goto("/keys?q=Pocket")
    row(page, "Pocket").tap()
    expect(page.get_by_role("dialog").get_by_text("Requests at a time")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    axe(page)
    page.get_by_role("button", name="Close").first.tap()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_keys_of_a_viewer_are_only_to_be_seen(open_page, stack):
    stack.admin("POST", "/api/users", {"name": "keys-viewer", "password": "watches the keys", "role": "viewer"})
    made = stack.admin("POST", "/api/keys", {"name": "Seen only"})
    page = open_page()
    page.goto(f"/keys/{made['id']}")
    page.get_by_label("Name").fill("keys-viewer")
    page.get_by_label("Password").first.fill("watches the keys")
    page.get_by_role("button", name="Sign in").click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("tab", name="Would it pass?")).to_be_visible()
    expect(drawer.get_by_role("tab", name="Edit")).to_be_hidden()
    expect(drawer.get_by_role("button", name="Delete")).to_be_hidden()
    expect(page.get_by_role("button", name="New key")).to_be_hidden()


def test_an_unmade_key_is_told(signed_in, watch):
    watch.expects(r"status of 404 ")
    signed_in.goto("/keys/key_none")
    expect(signed_in.get_by_role("dialog").get_by_role("alert")).to_contain_text("It does not exist")
