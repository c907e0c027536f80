"""What is there to read: the API documentation, both OpenAPI documents, the guide to running it."""

import re

from playwright.sync_api import Page, expect

from headgate import options
from headgate.settings import Option
from tests.browser.accessibility import axe
from tests.stack import PROXY_KEY


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_documentation_speaks_of_this_gateway(page, stack):
    page.goto("/docs")
    start = page.get_by_role("region", name="Quick start", exact=True)
    expect(start).to_contain_text(f"curl {stack.gateway}/v1/models")
    page.get_by_label("Key to fill in").fill(PROXY_KEY)
    expect(start).to_contain_text(f"Bearer {PROXY_KEY}")
    contents = page.get_by_role("navigation", name="Chapters of the documentation")
    contents.get_by_role("link", name="Limits and what is counted").click()
    expect(page).to_have_url(re.compile("/docs#limits$"))
    expect(page.get_by_role("heading", name="Limits and what is counted")).to_be_in_viewport()
    page.get_by_label("Search this page").fill("insufficient_quota")
    expect(contents.get_by_role("link")).to_have_count(1)
    expect(page.get_by_role("region", name="Errors and troubleshooting", exact=True)).to_contain_text("insufficient_quota")
    page.get_by_label("Search this page").fill("")
    axe(page)


def test_the_documentation_on_a_phone(phone):
    phone.goto("/docs#headers")
    expect(phone.get_by_role("heading", name="Headers")).to_be_in_viewport()
    fits(phone)
    phone.goto("/deploy")
    expect(phone.get_by_role("heading", name="All settings")).to_be_visible()
    fits(phone)


def test_swagger_asks_the_control_plane_and_shows_the_gateway(signed_in, stack):
    """Under the policy: what Chromium has to complain about fails this story."""
    page = signed_in
    page.goto("/swagger")
    # By its own marks: the name it gives has invisible characters between the parts of a path.
    page.locator("#operations-installation-readStatus .opblock-summary-control").click(timeout=40_000)  # it draws all at once
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.get_by_text("Server response")).to_be_visible()
    expect(page.get_by_role("cell", name="200").first).to_be_visible()
    page.get_by_text("Gateway", exact=True).click()
    expect(page.get_by_text("/v1/messages/count_tokens").first).to_be_visible()


def test_the_guide_lists_every_setting(page):
    page.goto("/deploy")
    settings = page.get_by_role("region", name="Settings", exact=True)
    expect(settings).to_contain_text("HEADGATE_TRUSTED_PROXIES")
    said = settings.inner_text()
    names = [option.name for option in vars(options).values() if isinstance(option, Option)]
    assert len(names) > 20
    assert [name for name in names if name not in said] == []
    page.get_by_label("Search this page").fill("nginx buffering")
    expect(page.get_by_role("heading", level=2)).to_have_count(1)
    page.get_by_label("Search this page").fill("")
    axe(page)
