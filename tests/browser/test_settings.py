"""Settings: who changed what is seen where it is changed, and nobody overwrites another unseen."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import axe
from tests.stack import Stack, call

RANGE = re.compile(r"^([\d.,]+) to ([\d.,]+) · ")


@pytest.fixture(autouse=True)
def as_usual(stack):
    """The stack is others', too."""
    yield
    stack.admin("PUT", "/api/settings", dict.fromkeys(("schedulingMode", "compressionKeep", "summaryModel")))


def test_the_scheduling_mode_is_changed_and_who_did_it_is_seen(signed_in, stack):
    page = signed_in
    page.goto("/settings")
    scheduling = page.get_by_role("region", name="Scheduling")
    expect(scheduling.get_by_role("radio", name="Smart")).to_be_checked()
    expect(scheduling.get_by_role("button", name="Save")).to_be_disabled()
    scheduling.get_by_role("radio", name="Balanced").click()
    scheduling.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Settings saved")).to_be_visible()
    assert stack.admin("GET", "/api/settings")["schedulingMode"] == "balanced"
    expect(scheduling).to_contain_text("admin changed it")
    newest = page.get_by_role("region", name="History").get_by_role("listitem").filter(has_text="admin").first
    expect(newest).to_contain_text("smart")
    expect(newest).to_contain_text("balanced")
    axe(page)


def test_what_another_changes_meanwhile_is_seen_and_not_overwritten(signed_in, stack):
    page = signed_in
    page.goto("/settings")
    keep = page.get_by_label("Latest messages kept")
    expect(keep).to_have_value("30")
    stack.admin("PUT", "/api/settings", {"compressionKeep": 25})
    expect(keep).to_have_value("25")
    keep.fill("40")
    stack.admin("PUT", "/api/settings", {"compressionKeep": 20})
    notice = page.get_by_role("alert").filter(has_text="Latest messages kept")
    expect(notice).to_contain_text("to 20 while you were editing")
    expect(keep).to_have_value("40")
    save = page.get_by_role("region", name="Compression").get_by_role("button", name="Save")
    expect(save).to_be_disabled()
    notice.get_by_role("button", name="Keep mine").click()
    save.click()
    expect(page.get_by_text("Settings saved")).to_be_visible()
    assert stack.admin("GET", "/api/settings")["compressionKeep"] == 40
    # Emptied it is the default again.
    keep.fill("")
    save.click()
    expect(keep).to_have_value("30")


def test_ranges_are_those_of_the_document_and_faults_are_told_at_their_field(signed_in, stack, watch):
    watch.expects(r"status of 400 .*/api/settings")
    page = signed_in
    page.goto("/settings")
    hints = page.get_by_text(RANGE)
    expect(hints.first).to_be_visible()
    said = [RANGE.match(hint) for hint in hints.all_inner_texts()]
    assert sorted((number(found[1]), number(found[2])) for found in said if found) == ranges(stack)
    keep = page.get_by_label("Latest messages kept")
    keep.fill("300")
    expect(page.get_by_text("Must be from 4 to 100.")).to_be_visible()
    keep.fill("90")
    page.get_by_label("Long from (messages)").fill("80")
    page.get_by_role("region", name="Compression").get_by_role("button", name="Save").click()
    expect(page.get_by_text("compressionKeep must be less than compressionMessages")).to_be_visible()
    hostile = '<img src=x onerror=alert(1)><b>"שלום'
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("combobox", name="Model for summaries").fill(hostile)
    page.get_by_role("region", name="Compression").get_by_role("button", name="Save").click()
    expect(page.get_by_role("region", name="History")).to_contain_text(hostile)
    axe(page)


def number(text: str) -> float:
    return float(text.replace(",", ""))


def ranges(stack: Stack) -> list[tuple[float, float]]:
    """The numbers that the settings may be, as the control plane tells them."""
    schema = call("GET", f"{stack.console}/openapi.json")["components"]["schemas"]["SettingsBody"]["properties"]
    kinds = [kind for each in schema.values() for kind in each["anyOf"] if "maximum" in kind]
    return sorted((kind["minimum"], kind["maximum"]) for kind in kinds)
