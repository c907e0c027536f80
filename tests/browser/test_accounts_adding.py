"""Accounts are added in every way there is, each until it works."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import axe
from tests.stack import Stack

HOSTILE = '<img src=x onerror=alert(1)><b>" שלום'


def begin(page: Page, way: str) -> Locator:
    """The dialog, with this way to add accounts chosen."""
    page.goto("/accounts")
    page.get_by_role("button", name="Add account").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=way).click()
    return dialog


def send(dialog: Locator) -> None:
    dialog.get_by_role("button", name="Add account").click()


def row(page: Page, label: str) -> Locator:
    return page.get_by_role("row", name=f"Open {label}")


def works(dialog: Locator, label: str) -> None:
    """It was added, and a test of it succeeds."""
    expect(dialog.get_by_role("status").filter(has_text=f"Added: {label}")).to_contain_text("Active")
    dialog.get_by_role("button", name="Test now").click()
    expect(dialog.get_by_text("It works")).to_be_visible()
    expect(dialog.get_by_role("region", name="Answer")).not_to_be_empty()
    expect(dialog.get_by_role("link", name=re.compile("^req_"))).to_be_visible()


def test_by_refresh_token_with_the_error_at_its_field(signed_in: Page, stack: Stack, watch: Any) -> None:
    """Also by keyboard alone, and with a label that would be a program."""
    watch.expects(r"status of 400 ")
    made = stack.sim("POST", "accounts", {})
    page = signed_in
    page.goto("/accounts")
    expect(page.get_by_role("button", name="Add account").first).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("textbox", name="Page, action or request ID").fill("add account")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Add account")
    expect(dialog.get_by_role("button", name="sign in on its page")).to_be_focused()
    axe(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="refresh token")
    expect(dialog.get_by_label("Refresh token")).to_be_focused()
    page.keyboard.type("too-short")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("is truncated")).to_be_visible()
    dialog.get_by_label("Refresh token").fill(made["refreshToken"])
    dialog.get_by_label("Label").fill(HOSTILE)
    axe(page)
    page.keyboard.press("Enter")
    works(dialog, HOSTILE)
    axe(page)
    page.keyboard.press("Escape")
    expect(row(page, HOSTILE)).to_contain_text(HOSTILE)


def test_by_an_idc_token_with_its_client(signed_in: Page, stack: Stack) -> None:
    made = stack.sim("POST", "accounts", {"method": "idc"})
    dialog = begin(signed_in, "Kiro: refresh token")
    dialog.get_by_text("IdC / Builder ID").click()
    dialog.get_by_label("Refresh token").fill(made["refreshToken"])
    dialog.get_by_label("Client id").fill(made["clientId"])
    dialog.get_by_label("Client secret").fill(made["clientSecret"])
    dialog.get_by_label("Label").fill("Adding IdC")
    send(dialog)
    works(dialog, "Adding IdC")
    dialog.get_by_role("button", name="Open the account").click()
    expect(signed_in.get_by_role("dialog", name="Adding IdC")).to_contain_text("IdC / Builder ID")


def test_by_credential_files_that_belong_together(signed_in: Page, stack: Stack) -> None:
    """A token file and the registration that it names, dropped together, are one account."""
    made = stack.sim("POST", "accounts", {"method": "idc"})
    token = {
        "refreshToken": made["refreshToken"],
        "clientIdHash": "f00d",
        "provider": "Enterprise",
        "label": "Adding file",
        "startUrl": "x",
    }
    client = {"clientId": made["clientId"], "clientSecret": made["clientSecret"]}
    dialog = begin(signed_in, "Kiro: credential files")
    with signed_in.expect_file_chooser() as chosen:
        dialog.get_by_role("button", name="Choose files").click()
    chosen.value.set_files(
        [
            {"name": "kiro-auth-token.json", "mimeType": "application/json", "buffer": json.dumps(token).encode()},
            {"name": "f00d.json", "mimeType": "application/json", "buffer": json.dumps(client).encode()},
        ]
    )
    (line,) = dialog.get_by_role("row").all()[1:]
    expect(line).to_contain_text("Adding file")
    expect(line).to_contain_text("kiro-auth-token.json")
    expect(line).to_contain_text("clientSecret")
    axe(signed_in)
    dialog.get_by_role("button", name="Import 1 account").click()
    expect(dialog.get_by_text("1 imported, 0 failed")).to_be_visible()
    expect(line).to_contain_text("Not used: clientIdHash, startUrl")
    line.get_by_role("button", name="Adding file").click()
    expect(signed_in.get_by_role("dialog", name="Adding file")).to_contain_text("Active")


def test_by_a_sign_in_on_another_page(signed_in: Page, stack: Stack) -> None:
    dialog = begin(signed_in, "Kiro: sign in on its page")
    dialog.get_by_label("Label").fill("Adding device")
    dialog.get_by_role("button", name="Get a code").click()
    code = dialog.get_by_label("Your code")
    expect(dialog.get_by_role("timer")).to_be_visible()
    link = dialog.get_by_role("link", name="Open the sign-in page")
    expect(link).to_have_attribute("href", re.compile(code.inner_text()))
    expect(link).to_have_attribute("target", "_blank")
    axe(signed_in)
    stack.sim("POST", "approve", {"userCode": code.inner_text()})
    works(dialog, "Adding device")


@pytest.mark.parametrize(("verdict", "said"), [("denied", "The sign-in was refused"), ("expired", "The code has expired")])
def test_a_sign_in_that_comes_to_nothing_says_so(signed_in: Page, stack: Stack, verdict: str, said: str) -> None:
    dialog = begin(signed_in, "Kiro: sign in on its page")
    dialog.get_by_role("button", name="Get a code").click()
    stack.sim("POST", "approve", {"userCode": dialog.get_by_label("Your code").inner_text(), verdict: True})
    expect(dialog.get_by_role("alert")).to_contain_text(said)
    dialog.get_by_role("button", name="Begin again").click()
    expect(dialog.get_by_role("button", name="Get a code")).to_be_visible()


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_by_an_endpoint(signed_in: Page, stack: Stack, kind: str) -> None:
    made = stack.sim("POST", "accounts", {}, of=kind)
    label = f"Adding {kind}"
    dialog = begin(signed_in, f"{kind}-compatible endpoint")
    dialog.get_by_label("Base URL").fill(made["baseUrl"])
    dialog.get_by_label("API key").fill(made["apiKey"])
    dialog.get_by_label("Label").fill(label)
    send(dialog)
    works(dialog, label)


def test_kimi_web_needs_nothing(signed_in: Page) -> None:
    dialog = begin(signed_in, "kimi-web")
    dialog.get_by_label("Label").fill("Adding kimi")
    send(dialog)
    works(dialog, "Adding kimi")


def test_many_at_once_with_a_bad_line_that_is_corrected(signed_in_phone: Page, stack: Stack) -> None:
    """On a phone, where each line is a card."""
    page = signed_in_phone
    tokens = [stack.sim("POST", "accounts", {})["refreshToken"] for _ in range(3)]
    dialog = begin(page, "Many at once")
    dialog.get_by_label("Or paste here").fill("\n".join([tokens[0], tokens[1][:40] + "...", tokens[2], tokens[0]]))
    dialog.get_by_role("button", name="Look at it").click()
    lines = dialog.get_by_role("row")
    expect(lines).to_have_count(5)
    expect(lines.nth(2)).to_contain_text("The token is cut off")
    dialog.get_by_role("button", name="Import 4 accounts").click()
    expect(dialog.get_by_text("2 imported, 2 failed")).to_be_visible()
    expect(lines.nth(2)).to_contain_text("Not imported")
    expect(lines.nth(4)).to_contain_text("Is there already")
    expect(lines.nth(4)).to_contain_text("Leave it out")
    axe(page)
    lines.nth(4).get_by_role("button", name="Leave out").click()
    lines.nth(2).get_by_role("button", name="Correct").click()
    dialog.get_by_label("Line 2, corrected").fill(json.dumps({"refreshToken": tokens[1], "label": "Adding many"}))
    dialog.get_by_role("button", name="Save").click()
    dialog.get_by_role("button", name="Send 1 line again").click()
    expect(dialog.get_by_text("3 imported, 0 failed")).to_be_visible()
    page.keyboard.press("Escape")
    expect(row(page, "Adding many")).to_be_visible()
