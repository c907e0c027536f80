"""The request log: what has ended comes by itself, is found again, and says why it was served where it was."""

import contextlib
import csv
import http.client
import json
import re
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import axe
from tests.flow.talks import by_openai, talk
from tests.stack import Stack, until

MODEL = "claude-sonnet-4.5"
HOSTILE = '<img src=x onerror=alert(1)><b>" שלום'
LONG = "no-such-model-" + "x" * 180
# What a conversation must have to be long, for the shortest while that shows a summary.
TURNS = 126
# Rows that are fetched at once.
PAGE = 50


@dataclass(frozen=True)
class World:
    """Two accounts, a key that may use these alone, and one that may ask only once a minute."""

    stack: Stack
    accounts: dict[str, str]
    key_id: str
    key: str
    limited_id: str
    limited: str

    def ask(self, text: str = "hello", *, model: str = MODEL, key: str = "", stream: bool = True) -> tuple[int, str]:
        """One request; the status and the id of its answer."""
        body = {"model": model, "max_tokens": 300, "stream": stream, "messages": [{"role": "user", "content": text}]}
        headers = {"x-api-key": key or self.key, "content-type": "application/json"}
        request = urllib.request.Request(f"{self.stack.gateway}/v1/messages", json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                answer.read()
                return answer.status, answer.headers["x-request-id"]
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers["x-request-id"]

    def leave(self) -> str:
        """A request whose client leaves in the middle of the answer; its id."""
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.ports[0], timeout=10)
        body = {"model": MODEL, "max_tokens": 300, "stream": True}
        messages = [{"role": "user", "content": '[[sim:stall {"seconds": 20, "after": 1}]]'}]
        headers = {"x-api-key": self.key, "content-type": "application/json"}
        with contextlib.closing(connection):
            connection.request("POST", "/v1/messages", json.dumps({**body, "messages": messages}), headers)
            answer = connection.getresponse()
            answer.read(40)
            return str(answer.headers["x-request-id"])

    def recorded(self, request_id: str) -> Any:
        """The record of a request, once it is written."""
        listed = f"/api/requests?requestId={request_id}"
        until(lambda: self.stack.admin("GET", listed)["requests"], 5)
        return self.stack.admin("GET", f"/api/requests/{request_id}")


@pytest.fixture(scope="module")
def world(stack):
    accounts = {label: stack.add_account(label)["id"] for label in (f"Log one {HOSTILE}", "Log two")}
    only = {"allowedAccountIds": list(accounts.values())}
    made = stack.admin("POST", "/api/keys", {"name": f"Log reader {HOSTILE}", **only})
    limited = stack.admin("POST", "/api/keys", {"name": "Log, once a minute", "limits": {"requests": {"minute": 1}}, **only})
    yield World(stack, accounts, made["id"], made["key"], limited["id"], limited["key"])
    for account in accounts.values():
        stack.admin("DELETE", f"/api/accounts/{account}")


def row(page: Page, request_id: str) -> Locator:
    return page.get_by_role("row", name=f"Open {request_id}", exact=True)


def sentence(page: Page) -> Locator:
    return page.get_by_role("note", name="In a sentence")


def part(page: Page, name: str) -> Locator:
    """A part of the request's details."""
    return page.get_by_role("region", name=name, exact=True)


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_requests_arrive_as_they_end_and_are_explained(world, signed_in):
    """Served in a stream and whole, failed over, refused by a limit, left by its client: each is there by itself."""
    page, stack = signed_in, world.stack
    page.goto(f"/requests?key={world.key_id}")
    expect(page.get_by_text("Nothing matches these filters")).to_be_visible()
    _, streamed = world.ask()
    expect(row(page, streamed)).to_contain_text(f"Log reader {HOSTILE}")
    expect(row(page, streamed)).to_contain_text(f"→ kiro/{MODEL}")
    expect(row(page, streamed)).to_contain_text("Served")
    _, whole = world.ask(stream=False)
    expect(row(page, whole)).to_be_visible()
    stack.sim("POST", "fail", {"status": 429, "times": 1})
    _, carried = world.ask("carry me over")
    expect(row(page, carried)).to_contain_text("200")
    left = world.leave()
    expect(row(page, left)).to_contain_text("Cancelled")
    # The newest is the first.
    expect(page.get_by_role("row").nth(1)).to_have_attribute("aria-label", f"Open {left}")

    row(page, carried).click()
    expect(page).to_have_url(re.compile(rf"/requests/{carried}\?key={world.key_id}$"))
    expect(sentence(page)).to_contain_text("Before that 1 attempt had failed")
    expect(sentence(page)).to_contain_text("throttled")
    expect(sentence(page)).to_contain_text(re.compile(r"It cost .+ credits\."))
    attempts = part(page, "Attempts").get_by_role("listitem")
    expect(attempts).to_have_count(2)
    expect(attempts.first).to_contain_text("throttled, status 429")
    expect(attempts.last).to_contain_text("served, status 200")
    decision = part(page, "How it was admitted")
    expect(decision.get_by_text("Recomputed from the record: the same")).to_have_count(2)
    expect(decision.get_by_text("chosen", exact=True)).to_have_count(2)
    expect(decision).to_contain_text("cooling down")
    expect(part(page, "Where the time went").get_by_role("row", name=re.compile("^Attempt 2"))).to_be_visible()
    expect(part(page, "Usage").get_by_role("row", name=re.compile("^Output tokens"))).to_contain_text(re.compile("told|derived|estimated"))
    axe(page)

    # j is the older one, k the newer one.
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(whole))
    expect(sentence(page)).to_contain_text(f"kiro/{MODEL}")
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(page).to_have_url(re.compile(left))
    expect(sentence(page)).to_contain_text("The client left after")
    # The address is all that is needed to be here again.
    page.reload()
    expect(sentence(page)).to_contain_text("The client left after")
    page.keyboard.press("Escape")
    expect(sentence(page)).to_be_hidden()
    expect(row(page, carried)).to_be_visible()


def test_refusals_say_which_limit_and_which_name(world, signed_in, watch):
    watch.expects(r"status of 404 .*req_that-never-was")
    page = signed_in
    page.goto(f"/requests?key={world.limited_id}")
    expect(page.get_by_text("Nothing matches these filters")).to_be_visible()
    assert world.ask(key=world.limited)[0] == 200
    status, refused = world.ask(key=world.limited)
    assert status == 429
    expect(row(page, refused)).to_contain_text("rate_limit_exceeded")
    row(page, refused).click()
    expect(sentence(page)).to_contain_text("refused with 429: the limit of 1 requests a minute was reached")
    expect(part(page, "How it was admitted")).to_contain_text(
        re.compile("Denied by the limit of requests a minute of .?Log, once a minute.?: 0 of 1 left")
    )
    expect(part(page, "Attempts")).to_contain_text("No account was asked")

    page.goto("/requests")
    for model in (LONG, HOSTILE):
        status, wrong = world.ask(model=model)
        assert status == 404
        expect(row(page, wrong)).to_contain_text(model[:100])
        fits(page)
    row(page, wrong).click()
    expect(sentence(page)).to_contain_text("there is no such model")
    expect(sentence(page)).to_contain_text(HOSTILE)
    assert page.get_by_role("img", name="x").count() == 0
    axe(page)
    page.goto("/requests/req_that-never-was")
    expect(page.get_by_role("alert")).to_contain_text("There is no request req_that-never-was")


def test_filters_views_and_the_table_that_is_saved(world, signed_in):
    page = signed_in
    _, served = world.ask("find me")
    _, missing = world.ask(model="no-such-model-here")
    world.recorded(missing)
    page.goto(f"/requests?key={world.key_id}")
    expect(row(page, served)).to_be_visible()
    page.get_by_role("combobox", name="Ending").click()
    page.get_by_role("option", name="Failed").click()
    expect(page).to_have_url(re.compile(r"ending=failed"))
    expect(row(page, missing)).to_be_visible()
    expect(row(page, served)).to_be_hidden()
    # What does not fit the filters does not come either.
    _, other = world.ask("not here")
    _, fits_too = world.ask(model="no-such-model-either")
    expect(row(page, fits_too)).to_be_visible()
    expect(row(page, other)).to_be_hidden()

    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Save these filters…").click()
    page.get_by_label("Name").fill("What failed")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved: What failed")).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()
    expect(page).to_have_url(re.compile(r"/requests$"))
    expect(row(page, other)).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="What failed", exact=True).click()
    expect(page).to_have_url(re.compile(r"ending=failed"))
    expect(row(page, missing)).to_be_visible()
    expect(row(page, other)).to_be_hidden()
    with page.expect_download() as saving:
        page.get_by_role("button", name="Export CSV").click()
    saved = list(csv.DictReader(Path(saving.value.path()).read_text("utf-8-sig").splitlines()))
    assert {each["ending"] for each in saved} == {"failed"}
    assert {missing, fits_too} <= {each["requestId"] for each in saved}
    axe(page)

    # Paused, what comes waits behind a button.
    page.get_by_role("switch", name="Live").click()
    _, waiting = world.ask(model="no-such-model-at-all")
    pill = page.get_by_role("button", name="1 new request")
    expect(pill).to_be_visible()
    expect(row(page, waiting)).to_be_hidden()
    pill.click()
    expect(row(page, waiting)).to_be_visible()


def test_older_pages_are_fetched_and_nothing_moves_meanwhile(world, signed_in):
    page = signed_in
    with ThreadPoolExecutor(4) as threads:
        asked = list(threads.map(lambda number: world.ask(model=f"paged-{number}", key=world.limited)[1], range(PAGE + 5)))
    for each in asked:
        world.recorded(each)
    page.goto(f"/requests?key={world.limited_id}&status=404")
    rows = page.get_by_role("row", name="Open req_")
    expect(rows).to_have_count(PAGE)
    page.get_by_role("button", name="Load more").click()
    expect(rows).to_have_count(PAGE + 5)
    expect(page.get_by_role("switch", name="Live")).to_be_disabled()
    _, newer = world.ask(model="paged-at-last", key=world.limited)
    page.get_by_role("button", name="1 new request").click()
    expect(row(page, newer)).to_be_in_viewport()
    expect(rows).to_have_count(PAGE)


def test_a_shortened_conversation_shows_what_was_replaced(world, signed_in):
    page, stack = signed_in, world.stack
    stack.admin("PUT", "/api/settings", {"compressionTokens": 10_000})
    try:
        answer = by_openai(stack, world.key, f"kiro/{MODEL}", talk(TURNS))
    finally:
        stack.admin("PUT", "/api/settings", {"compressionTokens": None})
    record = world.recorded(answer.id)
    assert record["compression"]["replacedTurns"] > 0
    page.goto(f"/requests/{answer.id}")
    expect(sentence(page)).to_contain_text("Its conversation was shortened by")
    shortening = part(page, "Shortening")
    expect(shortening).to_contain_text("turns were replaced by a summary, made for this request")
    expect(part(page, "Where the time went").get_by_role("row", name=re.compile("^Shortening"))).to_be_visible()
    page.get_by_role("button", name="Show what was replaced").click()
    asking = page.get_by_role("dialog", name="Read what users wrote?")
    expect(asking).to_contain_text("noted in the audit log")
    asking.get_by_role("button", name="Show the text").click()
    expect(part(page, "What was replaced")).to_contain_text("At step 0")
    expect(part(page, "What stands for it")).to_contain_text("Summary of the earlier conversation")
    noted = stack.admin("GET", "/api/audit")
    assert "requests.original" in json.dumps(noted)
    axe(page)
    summary = record["summaries"][0]["requestId"]
    shortening.get_by_role("button", name=summary).click()
    expect(sentence(page)).to_contain_text("The gateway asked for")
    part(page, "What was asked").get_by_role("button", name=answer.id).click()
    expect(page).to_have_url(re.compile(answer.id))


def test_by_keyboard_alone(world, signed_in):
    page = signed_in
    ids = [world.ask(f"number {number}")[1] for number in range(2)]
    page.goto(f"/requests?key={world.key_id}&ending=served")
    first = row(page, ids[1])
    expect(first).to_be_visible()
    first.focus()
    page.keyboard.press("Enter")
    expect(sentence(page)).to_be_visible()
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(ids[0]))
    page.keyboard.press("Escape")
    expect(first).to_be_focused()
    page.keyboard.press("Control+k")
    page.get_by_role("textbox", name="Page, action or request ID").fill(ids[0])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(ids[0]))
    expect(sentence(page)).to_be_visible()


def test_on_a_phone(world, signed_in_phone):
    page = signed_in_phone
    _, served = world.ask("on the way")
    page.goto(f"/requests?key={world.key_id}")
    expect(row(page, served)).to_be_visible()
    fits(page)
    axe(page)
    row(page, served).tap()
    expect(sentence(page)).to_be_visible()
    fits(page)
    axe(page)
