"""`make screenshots`: the console's pages over an installation that has been in use for a day, into docs/screenshots."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import PHONE, chromium, launch
from tests.browser.lived import lived_in
from tests.stack import ADMIN_PASSWORD, ROOT, Stack

INTO = ROOT / "docs/screenshots"
LARGEST_BYTES = 250_000
DESKTOP = {"viewport": {"width": 1440, "height": 900}}
SETTLE_MS = 600  # charts have drawn themselves


def nothing(_page: Page) -> None:
    """The page as it opens."""


def newest(page: Page) -> None:
    """The drawer of the newest request."""
    page.get_by_role("row").nth(1).click()
    page.get_by_role("dialog").wait_for()


@dataclass(frozen=True)
class Picture:
    """One picture: its name, the page, and what is done there first."""

    name: str
    path: str
    act: Callable[[Page], None] = nothing
    scheme: str = "light"
    phone: bool = False


PICTURES = (
    Picture("home", "/"),
    Picture("home-dark", "/", scheme="dark"),
    Picture("accounts", "/accounts"),
    Picture("accounts-dark", "/accounts", scheme="dark"),
    Picture("accounts-phone", "/accounts", phone=True),
    Picture("keys", "/keys"),
    Picture("request", "/requests", newest),
    Picture("playground", "/playground"),
)


def main(names: list[str]) -> int:
    """Take the pictures with these names, or all."""
    INTO.mkdir(parents=True, exist_ok=True)
    with Stack(demo=True, beside=("kimi_web", "openai", "anthropic")) as stack:
        lived_in(stack)
        with sync_playwright() as playwright:
            browser = launch(playwright, chromium())
            signing = browser.new_context(base_url=stack.console)
            signing.request.post("/api/session", data={"password": ADMIN_PASSWORD})
            held = signing.storage_state()
            for picture in PICTURES:
                if names and picture.name not in names:
                    continue
                shape = PHONE if picture.phone else DESKTOP
                context = browser.new_context(
                    base_url=stack.console,
                    locale="en-GB",
                    storage_state=held,
                    color_scheme=picture.scheme,
                    reduced_motion="reduce",
                    **shape,
                )
                take(context.new_page(), picture)
                context.close()
            browser.close()
    return 0


def take(page: Page, picture: Picture) -> None:
    page.goto(picture.path)
    page.get_by_role("heading", level=1).wait_for()
    picture.act(page)
    page.wait_for_timeout(SETTLE_MS)
    file = INTO / f"{picture.name}.png"
    page.screenshot(path=file)
    compress(file)
    print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1000} kB")


def compress(file: Path) -> None:
    """Fewer colours, as few as it takes; what has text and lines shows it least."""
    with Image.open(file) as shot:
        whole = shot.convert("RGB")
    for colours in (256, 128, 64):
        whole.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(file, optimize=True)
        if file.stat().st_size < LARGEST_BYTES:
            return
    raise SystemExit(f"{file} is too large, however few its colours")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
