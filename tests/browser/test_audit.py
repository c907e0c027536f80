"""The audit log: who changed what, in words, found again by its address."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import axe

HOSTILE = '<img src=x onerror=alert(1)><b>"שלום audit'


def test_what_was_changed_is_read_filtered_and_followed(signed_in, stack):
    page = signed_in
    account = stack.admin(
        "POST", "/api/accounts", {"kind": "openai", "label": HOSTILE, "apiKey": "sk-never-seen", "baseUrl": "http://127.0.0.1:9"}
    )
    stack.admin("PUT", f"/api/accounts/{account['id']}", {"priority": 7, "apiKey": "sk-never-seen-either"})
    page.goto("/audit")
    page.get_by_role("combobox", name="Action").click()
    page.get_by_role("option", name="Changed account").click()
    page.get_by_role("textbox", name="ID of what was changed").fill(account["id"])
    expect(page).to_have_url(re.compile(rf"action=account\.update&target={account['id']}"))
    row = page.get_by_role("row").nth(1)
    expect(row).to_contain_text("Changed account")
    expect(row).to_contain_text("admin")
    expect(row).to_contain_text("127.0.0.1")
    expect(row.get_by_role("listitem").filter(has_text="Priority")).to_have_text(re.compile(r"Priority.*0.*7$"))
    expect(row).to_contain_text("changed (not shown)")
    expect(page.get_by_role("table")).not_to_contain_text("never-seen")
    axe(page)
    page.reload()
    expect(row).to_contain_text(HOSTILE)
    row.get_by_role("link", name=HOSTILE).click()
    expect(page).to_have_url(re.compile(rf"/accounts/{account['id']}$"))
    stack.admin("DELETE", f"/api/accounts/{account['id']}")


@pytest.fixture
def busy(stack):
    """More changes than one page shows."""
    for number in range(60):
        stack.admin("PUT", "/api/settings", {"compressionEntries": 100 + number})
    yield
    stack.admin("PUT", "/api/settings", {"compressionEntries": None})


@pytest.mark.usefixtures("busy")
def test_older_entries_are_loaded_and_newer_ones_announced(signed_in, stack):
    page = signed_in
    page.goto("/audit?action=settings")
    # Once it is connected it hears of what happens.
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    rows = page.get_by_role("row")
    expect(rows).to_have_count(51)
    page.get_by_role("button", name="Load more").click()
    expect(rows.nth(60)).to_be_visible()
    stack.admin("PUT", "/api/settings", {"compressionEntries": 777})
    page.get_by_role("button", name="New entries").click()
    expect(rows.nth(1)).to_contain_text("777")
    expect(page.get_by_role("button", name="New entries")).to_be_hidden()
