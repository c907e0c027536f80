"""One stack with every kind of upstream, one Chromium, and pages that tell of everything that goes wrong in them.

Write a story like this, with what a person sees and hears (roles, labels) and never with CSS:

    def test_a_key_is_made(signed_in, stack):
        signed_in.goto("/keys")
        signed_in.get_by_role("button", name="New key").click()
        expect(signed_in.get_by_role("dialog")).to_contain_text("kg-")
        axe(signed_in)

`page` is a desktop, `phone` a phone, `signed_in` a desktop of the administrator's; all start at the console's address.
Whatever Chromium complains about fails the test, unless the test `expects` it: see Watch. A failure names a
picture of each page. Nothing here is asynchronous: Playwright has an event loop of its own, and while it runs no
other can, which is why it ends with this package.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.browser.watching import Watch
from tests.stack import ADMIN_PASSWORD, ROOT, Stack

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Whatever a page may ask for, nothing but this machine is ever found.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
# How long something that should appear may take.
PATIENCE_MS = 8000
expect.set_options(timeout=PATIENCE_MS)

Opener = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


def missing(what: str) -> None:
    """Skip; in CI, where everything must be there, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"must be there in CI: {what}")
    pytest.skip(what)


def chromium() -> str:
    """Where Chromium is."""
    found = next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    if found is None:
        missing("Chromium is not installed")
    return str(found)


RUNNING = pytest.StashKey[tuple[Stack, ...]]()


def launch(playwright: Playwright, executable: str) -> Browser:
    return playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS), chromium_sandbox=False, headless=True)


@pytest.fixture(autouse=True, scope="module")
def _own_accounts(request: pytest.FixtureRequest) -> Iterator[None]:
    """The stories of one file leave no accounts and keys behind for those of the next."""
    yield
    for stack in request.config.stash.get(RUNNING, ()):
        for things in ("accounts", "keys"):
            for thing in stack.admin("GET", f"/api/{things}?limit=500")[things]:
                stack.admin("DELETE", f"/api/{things}/{thing['id']}")


@pytest.fixture(scope="package")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """Empty at first, and again with each file. What a story makes stays for the others of its file."""
    if not (ROOT / "web/dist/index.html").exists():
        missing("the console is not built; make console builds it")
    with Stack(beside=("kimi_web", "openai", "anthropic")) as running:
        request.config.stash[RUNNING] = (running,)
        yield running
        del request.config.stash[RUNNING]


@pytest.fixture(scope="package")
def browser(stack: Stack) -> Iterator[Browser]:
    executable = chromium()
    with sync_playwright() as playwright:
        started = launch(playwright, executable)
        yield started
        started.close()


@pytest.fixture
def watch(stack: Stack) -> Iterator[Watch]:
    """What went wrong in the pages of this test, and what it expects to."""
    made = Watch((stack.console, stack.gateway))
    yield made
    assert made.complaints() == []


@pytest.fixture
def open_page(browser: Browser, stack: Stack, watch: Watch, request: pytest.FixtureRequest) -> Iterator[Opener]:
    """`open_page(**context options)`: a page of a browser that has never been here."""
    contexts: list[BrowserContext] = []

    def opened(**options: Any) -> Page:
        chosen = {"base_url": stack.console, "locale": "en-GB", "color_scheme": "light", "reduced_motion": "reduce", **DESKTOP, **options}
        contexts.append(browser.new_context(**chosen))
        contexts[-1].set_default_timeout(PATIENCE_MS)
        made = contexts[-1].new_page()
        watch.over(made)
        return made

    yield opened
    if failed(request.node):
        picture([page for context in contexts for page in context.pages], request.node.name)
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: Opener) -> Page:
    """A desktop, not signed in, at the console's address."""
    made = open_page()
    made.goto("/")
    return made


@pytest.fixture
def phone(open_page: Opener) -> Page:
    """A phone, not signed in, at the console's address."""
    made = open_page(**PHONE)
    made.goto("/")
    return made


@pytest.fixture(scope="package")
def administrator(browser: Browser, stack: Stack) -> Any:
    """What a browser holds once the administrator has signed in, which one story does by hand and the others need not."""
    context = browser.new_context(base_url=stack.console)
    answer = context.request.post("/api/session", data={"password": ADMIN_PASSWORD})
    assert answer.ok, answer.text()
    held = context.storage_state()
    context.close()
    return held


@pytest.fixture
def signed_in(open_page: Opener, administrator: Any) -> Page:
    """A desktop of the administrator's, at the console's address."""
    made = open_page(storage_state=administrator)
    made.goto("/")
    return made


@pytest.fixture
def signed_in_phone(open_page: Opener, administrator: Any) -> Page:
    """A phone of the administrator's, at the console's address."""
    made = open_page(storage_state=administrator, **PHONE)
    made.goto("/")
    return made


# ---- when a test has failed

OUTCOME: pytest.StashKey[bool] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if report.when == "call":
        item.stash[OUTCOME] = report.failed
    return report


def failed(item: pytest.Item) -> bool:
    return item.stash.get(OUTCOME, False)


def picture(pages: list[Page], name: str) -> None:
    """Leave a picture of each page where the failure says."""
    directory = Path(tempfile.mkdtemp(prefix="headgate-browser-"))
    for number, page in enumerate(pages):
        file = directory / f"{name}-{number}.png"
        page.screenshot(path=file, timeout=PATIENCE_MS)
        print(f"\nwhat {page.url} looked like: {file}")
