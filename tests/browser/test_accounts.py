"""The life of accounts: seen live, tested, edited, taken out, deleted and brought back; and what viewers may not."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import axe
from tests.stack import PROXY_KEY, Stack, call

HOSTILE = 'Story <img src=x onerror=alert(1)><b>" שלום'
VIEWER = {"name": "story-viewer", "password": "a long viewer password", "role": "viewer"}


def row(page: Page, label: str) -> Locator:
    return page.get_by_role("row", name=f"Open {label}")


def act(page: Page, label: str, name: str) -> None:
    page.get_by_role("button", name=f"Actions for {label}").click()
    page.get_by_role("menuitem", name=name).click()


def chat(stack: Stack, model: str) -> Any:
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
    return call("POST", f"{stack.gateway}/v1/chat/completions", body, {"authorization": f"Bearer {PROXY_KEY}"})


def test_an_account_lives_dies_and_returns(signed_in: Page, stack: Stack) -> None:
    """Nothing is loaded anew on the way: the page follows by events."""
    page = signed_in
    stack.add_account("Story life", used=400, limit=1000)
    page.goto("/accounts?q=Story+life")
    mine = row(page, "Story life")
    expect(mine).to_contain_text("Active")
    mine.focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="Story life")
    expect(page).to_have_url(re.compile(r"/accounts/acc_\w+\?q=Story"))
    drawer.get_by_role("button", name="Ask now").click()
    expect(drawer.get_by_role("meter", name="Allowance")).to_have_attribute("aria-valuetext", "400 of 1,000")
    axe(page)

    drawer.get_by_role("tab", name="Test").click()
    drawer.get_by_role("button", name="Send a test").click()
    expect(drawer.get_by_text("It works")).to_be_visible()
    expect(drawer.get_by_role("region", name="Answer")).to_contain_text("Say hello")
    axe(page)

    drawer.get_by_role("tab", name="Edit").click()
    drawer.get_by_label("Label").fill("Story renamed")
    drawer.get_by_label("Requests at a time").fill("7")
    drawer.get_by_label("Only these models").fill("claude-sonnet-4.5")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    axe(page)
    drawer.get_by_role("button", name="Save").click()
    drawer = page.get_by_role("dialog", name="Story renamed")
    expect(drawer).to_be_visible()

    drawer.get_by_role("button", name="Disable").click()
    drawer.get_by_role("tab", name="Decisions").click()
    expect(drawer.get_by_role("status")).to_have_text("It is not used because it is disabled.")
    drawer.get_by_role("button", name="Enable").click()
    expect(drawer.get_by_role("button", name="Disable")).to_be_visible()
    chat(stack, "Story renamed/claude-sonnet-4.5")
    drawer.get_by_role("tab", name="Test").click()
    drawer.get_by_role("tab", name="Decisions").click()
    expect(drawer.get_by_role("status")).to_contain_text("It is used: all of its last")
    expect(drawer.get_by_role("link", name=re.compile("^[0-9a-f]{8}$")).first).to_have_attribute("href", re.compile("^/requests/req_"))
    axe(page)

    drawer.get_by_role("tab", name="Timeline").click()
    lines = drawer.get_by_role("list", name="Timeline")
    for said in ("Enabled", "Disabled", "changed: label, maxConcurrency, models", "Tested", "Token renewed", "Added"):
        expect(lines).to_contain_text(said)
    axe(page)
    page.keyboard.press("Escape")

    page.get_by_role("textbox", name="Label, address, plan…").fill("Story renamed")
    mine = row(page, "Story renamed")
    expect(mine).to_contain_text("0 / 7")
    act(page, "Story renamed", "Delete")
    expect(mine).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(mine).to_contain_text("Active")


def test_a_failure_is_told_in_words_and_put_back(signed_in: Page, stack: Stack) -> None:
    """A test that the upstream refuses; then the account rests, the list counts down, and it is put back."""
    page = signed_in
    made = stack.add_account("Story failing")
    page.goto(f"/accounts/{made['id']}?tab=test")
    drawer = page.get_by_role("dialog", name="Story failing")
    stack.sim("POST", "fail", {"account": made["sim"], "status": 429, "times": 1, "message": "slow down please"})
    drawer.get_by_role("button", name="Send a test").click()
    expect(drawer.get_by_text("The test failed")).to_be_visible()
    expect(drawer.get_by_role("alert")).to_contain_text("Try again later")
    expect(drawer.get_by_role("link", name=re.compile("^req_"))).to_be_visible()
    drawer.get_by_role("tab", name="Overview").click()
    expect(drawer.get_by_role("table", name="What rests it")).to_contain_text("Asked too often")
    expect(drawer.get_by_role("timer").first).to_be_visible()
    expect(row(page, "Story failing")).to_contain_text("Cooling down")
    drawer.get_by_role("button", name="Put back now").click()
    expect(drawer.get_by_text("Nothing rests it or any of its models.")).to_be_visible()
    page.keyboard.press("Escape")
    health = row(page, "Story failing").get_by_role("button", name="details")
    health.click()
    expect(page.get_by_role("dialog")).to_contain_text("Asked too often × 1")
    axe(page)


def test_several_at_once_each_with_its_result(signed_in: Page, stack: Stack) -> None:
    page = signed_in
    for number in (1, 2):
        stack.add_account(f"Story bulk {number}")
    stack.admin(
        "POST", "/api/accounts", {"kind": "openai", "label": f"Bulk {HOSTILE}", "apiKey": "wrong", "baseUrl": "http://127.0.0.1:9/v1"}
    )
    page.goto("/accounts?q=bulk")
    expect(page.get_by_role("row")).to_have_count(4)
    page.get_by_role("checkbox", name="Select Story bulk 1").check()
    bar = page.get_by_role("toolbar", name="1 selected")
    bar.get_by_role("button", name="Select all").click()
    bar = page.get_by_role("toolbar", name="3 selected")
    axe(page)
    bar.get_by_role("button", name="Verify").click()
    result = page.get_by_role("dialog", name="Verify accounts")
    expect(result.get_by_text("3 of 3 done, 1 failed")).to_be_visible()
    expect(result.get_by_role("row", name="Story bulk 2")).to_contain_text("Done")
    expect(result).to_contain_text(HOSTILE)
    axe(page)
    result.get_by_role("button", name="Close").last.click()
    bar.get_by_role("button", name="Disable").click()
    page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    expect(page.get_by_role("row").filter(has_text="Disabled")).to_have_count(3)
    bar.get_by_role("button", name="Delete").click()
    result = page.get_by_role("dialog", name="Delete accounts")
    expect(result.get_by_text("3 of 3 done")).to_be_visible()
    expect(page.get_by_text("Nothing matches these filters")).to_have_count(1)
    result.get_by_role("button", name="Undo all").click()
    expect(result.get_by_text("Restored")).to_have_count(3)
    result.get_by_role("button", name="Close").last.click()
    expect(row(page, "Story bulk 1")).to_contain_text("Disabled")


def test_the_list_is_filtered_sorted_and_summed_up(signed_in_phone: Page, stack: Stack) -> None:
    page = signed_in_phone
    made = stack.add_account(HOSTILE)
    stack.admin("POST", f"/api/accounts/{made['id']}/disable")
    page.goto("/accounts")
    page.get_by_role("button", name=re.compile(r"\d+ disabled")).click()
    expect(page).to_have_url(re.compile("status=disabled"))
    mine = row(page, HOSTILE)
    expect(mine).to_contain_text("Disabled")
    axe(page)
    page.get_by_role("button", name="Clear filters").click()
    expect(page).to_have_url(re.compile(r"/accounts$"))
    stack.admin("POST", f"/api/accounts/{made['id']}/enable")
    expect(mine).to_contain_text("Active")


@pytest.fixture
def viewer(open_page: Any, stack: Stack) -> Page:
    stack.admin("POST", "/api/users", VIEWER)
    page: Page = open_page()
    page.request.post("/api/session", data={"name": VIEWER["name"], "password": VIEWER["password"]})
    return page


def test_a_viewer_sees_everything_and_changes_nothing(viewer: Page, stack: Stack) -> None:
    stack.add_account("Story viewed")
    viewer.goto("/accounts?q=Story+viewed")
    row(viewer, "Story viewed").get_by_text("Story viewed").click()
    drawer = viewer.get_by_role("dialog", name="Story viewed")
    expect(drawer.get_by_role("tab")).to_have_text(["Overview", "Timeline", "Decisions"])
    expect(drawer.get_by_role("button", name=re.compile("Disable|Delete|Verify|Renew|Ask"))).to_have_count(0)
    drawer.get_by_role("tab", name="Timeline").click()
    expect(drawer.get_by_role("list", name="Timeline")).to_contain_text("Added")
    viewer.keyboard.press("Escape")
    expect(viewer.get_by_text("your role is viewer")).to_be_visible()
    expect(viewer.get_by_role("button", name="Add account")).to_have_count(0)
    expect(viewer.get_by_role("checkbox")).to_have_count(0)
    axe(viewer)
