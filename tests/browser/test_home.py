"""The first page: how it stands in a sentence, what the last hours were like, and that it moves by itself."""

import re
import urllib.parse

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import axe
from tests.browser.lived import ask
from tests.stack import Stack

NASTY = '<img src=x onerror=alert(1)><b>" שלום'
MODEL = "claude-sonnet-4.5"


@pytest.fixture(scope="module")
def busy(stack: Stack) -> str:
    """An account whose allowance is known, a key with a limit, and two requests; answers the key."""
    account = stack.add_account(NASTY, used=750, limit=1000)
    stack.admin("GET", f"/api/accounts/{account['id']}/usage")
    made = stack.admin("POST", "/api/keys", {"name": f"Home {NASTY}", "limits": {"requests": {"total": 4}}})
    for question in ("one", "two"):
        ask(stack, made["key"], MODEL, question)
    return str(made["key"])


def region(page: Page, name: str):
    return page.get_by_role("region", name=name)


def served(page: Page) -> int:
    """How many requests of the span were served, by the legend."""
    found = re.search(r"\d+", region(page, "Requests by outcome").get_by_role("link", name=re.compile("^Served")).inner_text())
    assert found
    return int(found[0])


def test_it_says_how_it_stands_and_every_mark_leads_on(signed_in, busy):
    page = signed_in
    sentence = region(page, "How it stands")
    expect(sentence.get_by_role("status")).to_contain_text(re.compile(r"nothing lost since \d\d:\d\d\.$"))
    expect(sentence.get_by_role("img", name=re.compile("All well|Attention|Trouble"))).to_be_visible()
    expect(region(page, "Allowance left").get_by_role("link", name=NASTY)).to_be_visible()
    spend = region(page, "Spend against limits")
    expect(spend.get_by_text("2 / 4 · 2 left")).to_be_visible()
    axe(page)

    # What a chart shows is in its table, and leads to the list.
    page.get_by_role("button", name="Requests by outcome: show as table").click()
    table = page.get_by_role("table", name="Requests by outcome")
    row = table.get_by_role("row").nth(1)
    expect(row.get_by_role("link").nth(1)).to_have_text(str(served(page)))
    page.get_by_role("button", name="Time to first token: show as table").press("Enter")
    expect(page.get_by_role("table", name="Time to first token").get_by_role("row").nth(1)).to_contain_text(re.compile(r"\d(ms|s)"))
    axe(page, schemes=("light",))
    row.get_by_role("link").nth(1).press("Enter")
    expect(page).to_have_url(re.compile(r"/requests\?from=.+&to=.+&ending=served$"))
    expect(page.get_by_role("heading", level=1, name="Requests")).to_be_visible()

    page.go_back()
    region(page, "Spend against limits").get_by_role("link", name=NASTY).click()
    expect(page).to_have_url(re.compile(r"/keys/key_\w+$"))


def test_a_bar_leads_to_its_requests_and_the_span_stays_in_the_address(signed_in, busy):
    page = signed_in
    bar = region(page, "Requests by outcome").locator("path.recharts-rectangle").last
    bar.click()
    expect(page).to_have_url(re.compile(r"/requests\?from="))
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(page.url).query)
    assert query["from"][0] < query["to"][0]
    page.go_back()
    page.get_by_role("radiogroup", name="Time span").get_by_text("7 d").click()
    expect(page).to_have_url(re.compile(r"\?span=7d$"))
    page.reload()
    expect(page.get_by_role("radio", name="7 d")).to_be_checked()
    assert served(page) >= 2


def test_it_counts_on_while_one_looks(signed_in, stack, busy):
    page = signed_in
    link = region(page, "Requests by outcome").get_by_role("link", name=re.compile("^Served"))
    expect(link).to_be_visible()
    expect(page.get_by_text("Live")).to_be_visible()
    before = served(page)
    ask(stack, busy, MODEL, "three")
    expect(link).to_contain_text(str(before + 1))


def test_on_a_phone_nothing_is_cut_off(signed_in_phone, busy):
    page = signed_in_phone
    expect(region(page, "Requests by outcome")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    axe(page, schemes=("dark",))
