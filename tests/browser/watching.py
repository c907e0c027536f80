"""Whatever a browser complains about while a story is told: errors, broken policies, and requests to anybody else."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, Response


class Watch:
    """Collects complaints of pages. `own` are the addresses that pages may talk to."""

    def __init__(self, own: Sequence[str]) -> None:
        self._own = {urlsplit(each).netloc for each in own}
        self._heard: list[str] = []
        self._expected: list[str] = []

    def expects(self, pattern: str) -> None:
        """From now on, and for what was heard, complaints with `pattern` (a regular expression) are no failure: a refusal,
        for one, which Chromium reports as an error of the page.
        """
        self._expected.append(pattern)

    def complaints(self) -> list[str]:
        """What was heard and not expected."""
        return [said for said in self._heard if not any(re.search(pattern, said) for pattern in self._expected)]

    def over(self, page: Page) -> None:
        """Listen to a page."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._heard.append(f"exception: {error}"))
        page.on("request", self._request)
        page.on("response", self._response)
        page.add_init_script(VIOLATIONS)

    def _console(self, message: ConsoleMessage) -> None:
        # Not signed in is a normal answer to the first question, and Chromium cannot be told so.
        if message.type in ("error", "warning") and not NOT_YET.search(f"{message.text} {message.location.get('url', '')}"):
            self._heard.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc not in self._own:
            self._heard.append(f"request to somebody else: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self._heard.append(f"answer: {response.status} {response.request.method} {response.url}")


NOT_YET = re.compile(r"status of 401 .*/api/session$")
# Chromium tells of some violations in the console only as advice.
VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violated: ${event.violatedDirective} by ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
