"""The guide, from the first sign-in at an empty installation to a request that works."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import axe
from tests.browser.conftest import DESKTOP, PATIENCE_MS, failed, picture
from tests.browser.lived import ask
from tests.browser.watching import Watch
from tests.stack import ADMIN_PASSWORD, Stack

NASTY = '<img src=x onerror=alert(1)><b>" שלום'


@pytest.fixture(scope="module")
def fresh() -> Iterator[Stack]:
    """An installation that nobody has used."""
    with Stack() as running:
        yield running


@pytest.fixture
def newcomer(browser: Browser, fresh: Stack, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A browser that has never been there."""
    watch = Watch((fresh.console, fresh.gateway))
    context = browser.new_context(base_url=fresh.console, locale="en-GB", color_scheme="light", reduced_motion="reduce", **DESKTOP)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    watch.over(page)
    yield page
    if failed(request.node):
        picture([page], request.node.name)
    context.close()
    assert watch.complaints() == []


def sign_in(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Password").first.fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation").get_by_role("link", name="Home")).to_be_visible()


def test_from_the_first_sign_in_to_a_working_request(newcomer, fresh):
    page = newcomer
    sign_in(page)
    expect(page.get_by_role("heading", level=1, name="First steps")).to_be_visible()
    expect(page).to_have_url(re.compile("/welcome$"))
    axe(page)

    # One may leave, is left alone, and finds it again.
    page.get_by_role("button", name="Leave the guide").click()
    expect(page.get_by_text("No request yet")).to_be_visible()
    page.reload()
    expect(page.get_by_text("No account yet, so no request can be served")).to_be_visible()
    page.get_by_role("button", name="Signed in as admin").click()
    page.get_by_role("menuitem", name="First steps").click()

    # An account, which becomes ready under one's eyes.
    made = fresh.sim("POST", "accounts", {})
    page.get_by_role("radiogroup", name="Kind of account").get_by_text("Kiro: token").click()
    page.get_by_label("Refresh token").fill(made["refreshToken"])
    page.get_by_label("Label", exact=True).fill(NASTY)
    page.get_by_role("button", name="Add account").click()
    accounts = page.get_by_role("list", name="Accounts")
    expect(accounts).to_contain_text(NASTY)
    expect(accounts).to_contain_text(re.compile(r"ready, \d+ models"))

    # A key, shown this once.
    key_step = page.get_by_role("region", name="Create a key")
    key_step.get_by_label("Name").fill(NASTY)
    key_step.get_by_role("button", name="Create key").click()
    secret = key_step.get_by_role("region", name="The new key").inner_text()
    assert secret.startswith("kg-")
    connect = page.get_by_role("region", name="Connect a client")
    expect(connect.get_by_role("region", name=re.compile("terminal|settings", re.IGNORECASE)).first).to_contain_text(secret)
    axe(page)

    # A request from here, which arrives.
    connect.get_by_role("button", name="Send a test request now").click()
    expect(connect.get_by_text(re.compile("^It works\\. First word"))).to_be_visible()
    arrived = page.get_by_role("region", name="Requests that arrived")
    expect(arrived).to_contain_text("It works")
    expect(arrived).to_contain_text(NASTY)

    # And one of the visitor's own client.
    ask(fresh, secret, "claude-sonnet-4.5", "Hello from elsewhere")
    expect(arrived.get_by_role("link")).to_have_count(2)
    axe(page)
    arrived.get_by_role("link", name="See how it was handled").first.click()
    expect(page).to_have_url(re.compile(r"/requests/.+"))
    page.goto("/")
    expect(page.get_by_role("region", name="Requests by outcome")).to_be_visible()


def test_an_account_that_cannot_be_used_says_why(newcomer, fresh):
    page = newcomer
    sign_in(page)
    page.goto("/welcome")
    add = page.get_by_role("button", name="Add another")
    kinds = page.get_by_role("radiogroup", name="Kind of account")
    expect(add.or_(kinds)).to_be_visible()
    if add.is_visible():
        add.click()
    kinds.get_by_text("Kiro: token").click()
    page.get_by_label("Refresh token").fill("no-such-token-" * 10)
    page.get_by_label("Label", exact=True).fill("Mistyped")
    page.get_by_role("button", name="Add account").click()
    row = page.get_by_role("list", name="Accounts").get_by_role("listitem").filter(has_text="Mistyped")
    expect(row).to_contain_text("Needs login")
    expect(row.get_by_role("link", name="What to do about it")).to_have_attribute("href", re.compile("/accounts/acc"))
