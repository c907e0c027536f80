"""Who may come in: users, their second factor, sessions, tokens."""

import re
import time

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import axe
from tests.stack import call

PASSWORD = "correct horse battery staple"
HOSTILE = '<img src=x onerror=alert(1)><b>"שלום'


def sign_in(page: Page, name: str, code: str = "") -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    if code:
        page.get_by_label("authenticator").fill(code)
        page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation").get_by_role("link", name="Security")).to_be_visible()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Signed in as").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def make_user(page: Page, name: str) -> None:
    page.goto("/security")
    page.get_by_role("button", name="New user").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Password to begin with").fill(PASSWORD)
    expect(dialog.get_by_role("radio", name="Viewer")).to_be_checked()
    dialog.get_by_role("button", name="Create").click()
    expect(page.get_by_role("table", name="Who may sign in").get_by_role("row", name=name)).to_contain_text("Viewer")


def test_a_viewer_reads_everything_writes_nothing_and_can_be_sent_away(signed_in, open_page, watch, stack):
    watch.expects(r"status of 401 ")
    stack.admin("POST", "/api/prices", {"model": "*for-the-viewer*", "input": 1, "output": 2})
    make_user(signed_in, HOSTILE)
    axe(signed_in)
    viewer = open_page()
    viewer.goto("/security")
    sign_in(viewer, HOSTILE)
    expect(viewer.get_by_text("Users and tokens are shown to administrators only.")).to_be_visible()
    expect(viewer.get_by_role("button", name="New user")).to_be_hidden()
    viewer.get_by_role("link", name="Settings").click()
    expect(viewer.get_by_role("radio", name="Balanced")).to_be_disabled()
    expect(viewer.get_by_label("Latest messages kept")).to_be_disabled()
    expect(viewer.get_by_role("button", name="Save")).to_be_hidden()
    viewer.goto("/models?tab=routes")
    expect(viewer.get_by_role("list", name="Routes").get_by_role("listitem").first).to_be_visible()
    expect(viewer.get_by_role("button", name=re.compile("Add route|Edit|Remove"))).to_have_count(0)
    viewer.get_by_role("tab", name="Prices").click()
    expect(viewer.get_by_role("table", name="Prices")).to_be_visible()
    expect(viewer.get_by_role("button", name="Add price")).to_be_hidden()
    viewer.get_by_role("link", name="Audit").click()
    expect(viewer.get_by_role("row").filter(has_text="Created price").first).to_contain_text("*for-the-viewer*")

    signed_in.goto("/audit?action=user")
    expect(signed_in.get_by_role("row").filter(has_text="Created user").first).to_contain_text(HOSTILE)
    signed_in.goto("/security")
    sessions = signed_in.get_by_role("table", name="Browsers that are signed in")
    expect(sessions.get_by_role("row").nth(1)).to_contain_text("This one")
    row = sessions.get_by_role("row").filter(has_text=HOSTILE)
    row.get_by_role("button", name="End session").click()
    signed_in.get_by_role("dialog").get_by_role("button", name="End session").click()
    expect(row).to_have_count(0)
    viewer.reload()
    expect(viewer.get_by_role("heading", name="Sign in")).to_be_visible()


def codes(secret: str) -> list[str]:
    """Three codes that follow each other, all good within the next seconds: each can be used but once."""
    now = time.time()  # noqa: TID251 - the clock of whoever holds the device
    first = int((now + 5) // 30) - 1
    return [pyotp.TOTP(secret).at((first + number) * 30) for number in range(3)]


def test_a_second_factor_is_asked_for_until_it_is_switched_off(signed_in, open_page, watch):
    watch.expects(r"status of 401 ")
    make_user(signed_in, "Two factors")
    page = open_page()
    page.goto("/security")
    sign_in(page, "Two factors")
    page.get_by_role("button", name="Set up").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("img", name="QR code of the secret")).to_be_visible()
    secret = dialog.get_by_role("region", name="Secret").inner_text().strip()
    axe(page)
    confirming, signing, leaving = codes(secret)
    dialog.get_by_label("Code from the app").fill(confirming)
    dialog.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("Second factor is on")).to_be_visible()
    sign_out(page)
    sign_in(page, "Two factors", signing)
    page.get_by_role("link", name="Security").click()
    page.get_by_role("button", name="Switch off").click()
    page.get_by_role("dialog").get_by_label("Code from the app").fill(leaving)
    page.get_by_role("dialog").get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("button", name="Set up")).to_be_visible()
    signed_in.goto("/audit?action=user.totp")
    expect(signed_in.get_by_role("row").nth(1)).to_contain_text("Two factors")
    expect(signed_in.get_by_role("row").nth(1)).to_contain_text("Switched second factor")


def test_ones_own_password_is_changed_and_that_of_the_environment_is_not(signed_in, open_page, watch):
    watch.expects(r"status of (409|401|400) ")
    page = signed_in
    make_user(page, "Own password")
    page.get_by_role("button", name="Change password").click()
    own_password(page, "whatever it may be")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("ADMIN_PASSWORD")
    mine = open_page()
    mine.goto("/security")
    sign_in(mine, "Own password")
    mine.get_by_role("button", name="Change password").click()
    own_password(mine, "not the right one")
    expect(mine.get_by_text("current is not your password")).to_be_visible()
    own_password(mine, PASSWORD)
    expect(mine.get_by_text("Password changed")).to_be_visible()


def own_password(page: Page, current: str) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Current password").fill(current)
    dialog.get_by_label("New password").first.fill("a very new password")
    dialog.get_by_label("New password, again").fill("a very new password")
    dialog.get_by_role("button", name="Save").click()


def test_a_token_works_until_it_is_removed(signed_in, stack):
    page = signed_in
    page.goto("/security")
    page.get_by_role("button", name="New token").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("nightly export")
    dialog.get_by_role("button", name="Create").click()
    token = dialog.get_by_role("region", name="Token").inner_text().strip()
    assert token.startswith("hg-")
    axe(page)
    bearer = {"authorization": f"Bearer {token}"}
    assert call("GET", f"{stack.console}/api/session", headers=bearer)["user"]["role"] == "viewer"
    dialog.get_by_role("button", name="Done").click()
    expect(page.get_by_text(token)).to_have_count(0)
    row = page.get_by_role("table", name="Tokens for scripts").get_by_role("row", name="nightly export")
    expect(row).to_contain_text(token[:9])
    row.get_by_role("button", name="Remove token nightly export").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    with pytest.raises(RuntimeError, match=": 401 "):
        call("GET", f"{stack.console}/api/session", headers=bearer)
