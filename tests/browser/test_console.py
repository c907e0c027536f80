"""The console as a whole: the way in, the frame around every page, and what its answers allow a browser."""

import re
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import axe
from tests.stack import ADMIN_PASSWORD, ROOT, Stack

PAGES = ROOT / "web/src/pages"
# What people bookmarked of the console that was here before, and the page that is there now.
SEED = {
    "/": ("/", "home"),
    "/docs": ("/docs", "docs"),
    "/swagger": ("/swagger", "swagger"),
    "/playground": ("/playground", "playground"),
    "/deploy": ("/deploy", "deploy"),
    "/dashboard": ("/", "home"),
    "/admin": ("/", "home"),
    "/admin/accounts": ("/accounts", "accounts"),
    "/admin/keys": ("/keys", "keys"),
    "/admin/requests?ending=failed": ("/requests?ending=failed", "requests"),
}


@pytest.fixture(scope="module", autouse=True)
def used(stack: Stack) -> None:
    """Where there is nothing at all, Home leads to the guide."""
    stack.admin("POST", "/api/keys", {"name": "Console stories"})


def sign_in(page: Page, password: str = ADMIN_PASSWORD) -> None:
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").first.fill(password)
    page.get_by_role("button", name="Sign in").click()


def choose(page: Page, menu: str, item: str) -> None:
    page.get_by_role("button", name=menu).click()
    page.get_by_role("menuitem", name=item).click()


def test_sign_in_continues_where_one_wanted_to_go(open_page, watch):
    """A wrong password first; then the address that was asked for, with its filters; then out again."""
    watch.expects(r"status of 401 ")
    page = open_page()
    page.goto("/requests?ending=failed")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_label("Password").first).to_be_focused()
    sign_in(page, "a wrong password")
    expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    axe(page)
    sign_in(page)
    expect(page.get_by_role("navigation").get_by_role("link", name="Home")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/requests\?ending=failed$"))
    (cookie,) = [each for each in page.context.cookies() if each["name"] == "headgate_session"]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert page.evaluate("document.cookie") == ""
    choose(page, "Signed in as admin", "Sign out")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_language_and_appearance_are_chosen_and_kept(signed_in):
    page = signed_in
    menu = page.get_by_role("navigation")
    expect(menu.get_by_role("link", name="Home")).to_be_visible()
    choose(page, "Appearance", "Dark")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    choose(page, "Language", "中文")
    expect(menu.get_by_role("link", name="总览")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", re.compile("^zh"))
    page.reload()
    expect(menu.get_by_role("link", name="总览")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    choose(page, "外观", "跟随系统")
    choose(page, "语言", "English")
    expect(menu.get_by_role("link", name="Home")).to_be_visible()
    axe(page)


def test_the_palette_leads_everywhere_by_keyboard(signed_in):
    page = signed_in
    expect(page.get_by_role("navigation").get_by_role("link").first).to_be_visible()
    page.keyboard.press("Control+k")
    search = page.get_by_role("textbox", name="Page, action or request ID")
    expect(search).to_be_focused()
    search.fill("req_0123456789")
    expect(page.get_by_role("button", name="Go to request req_0123456789")).to_be_visible()
    page.keyboard.press("Escape")
    expect(search).to_be_hidden()
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Search pages and actions")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_browser_set_to_chinese_is_spoken_to_in_chinese(open_page):
    page = open_page(locale="zh-CN")
    page.goto("/")
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", re.compile("^zh"))
    axe(page, schemes=("light",))


@pytest.mark.parametrize("path", SEED)
def test_addresses_of_old_lead_to_their_pages(signed_in, path):
    leads, folder = SEED[path]
    if not (PAGES / folder / "index.tsx").exists():
        pytest.skip(f"the page {folder} is not there yet")
    signed_in.goto(path)
    expect(signed_in).to_have_url(re.compile(re.escape(leads) + "$"))
    expect(signed_in.get_by_role("heading", level=1)).to_be_visible()
    expect(signed_in.get_by_text("There is no such page")).to_be_hidden()


def test_an_address_that_is_wrong_is_told(signed_in):
    signed_in.goto("/acounts")
    expect(signed_in.get_by_text("There is no such page")).to_be_visible()
    signed_in.get_by_role("link", name="To the start").click()
    expect(signed_in).to_have_url(re.compile(r":\d+/$"))


def test_on_a_phone_the_menu_opens_and_nothing_is_cut_off(signed_in_phone):
    page = signed_in_phone
    link = page.get_by_role("navigation", include_hidden=True).get_by_role("link", name="Home", include_hidden=True)
    expect(link).not_to_be_in_viewport()
    page.get_by_role("button", name="Menu").first.tap()
    expect(link).to_be_in_viewport()
    link.tap()
    expect(link).not_to_be_in_viewport()
    fits(page)
    axe(page)


def test_signing_in_fits_on_a_phone(phone):
    expect(phone.get_by_role("heading", name="Sign in")).to_be_visible()
    fits(phone)
    axe(phone)


def fits(page: Page) -> None:
    """Nothing has to be pushed sideways to be seen."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


# ---- what a browser may do here


def test_a_script_or_style_of_somebody_elses_does_not_run(page, watch):
    watch.expects(r"policy violated|(?i:content security policy)|127\.0\.0\.1:9/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert watch.complaints() == []
    page.evaluate(INJECTED)
    page.wait_for_function("window.violations.length === 4")
    assert sorted(page.evaluate("window.violations")) == ["connect-src", "img-src", "script-src-elem", "style-src-elem"]
    assert page.evaluate("window.ran") is None


INJECTED = """() => {
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.effectiveDirective));
  document.head.append(Object.assign(document.createElement("script"), { textContent: "window.ran = true" }));
  document.head.append(Object.assign(document.createElement("style"), { textContent: "body { display: none }" }));
  document.body.append(Object.assign(document.createElement("img"), { src: "http://127.0.0.1:9/x.png" }));
  fetch("http://127.0.0.1:9/").catch(() => 0);
}"""


def test_the_page_is_never_kept_and_its_files_for_ever(stack):
    with urllib.request.urlopen(stack.console + "/") as answer:
        html = answer.read().decode()
        assert answer.headers["cache-control"] == "no-store"
        policy = answer.headers["content-security-policy"]
    assert f'name="headgate-gateway" content="{stack.gateway}"' in html
    assert f"connect-src 'self' {stack.gateway};" in policy
    assert "unsafe" not in policy
    assert "{{" not in html
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=|https?://(?!127\.0\.0\.1)", html)
    files = re.findall(r'(?:src|href)="(/assets/[^"]+)"', html)
    assert files
    for file in files:
        packed = urllib.request.Request(stack.console + file, headers={"accept-encoding": "gzip"})
        with urllib.request.urlopen(packed) as answer:
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["content-encoding"] == "gzip"
