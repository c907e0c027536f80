"""The console's own unit tests, which need Node and npm packages but no browser."""

import os
import subprocess

from tests.browser.conftest import missing
from tests.stack import ROOT

WEB = ROOT / "web"


def test_the_consoles_unit_tests_pass():
    if not (WEB / "node_modules/.bin/vitest").exists():
        missing("web/ has no npm packages; make console fetches them")
    # CI would make vitest refuse what it else writes, and colours would hide what failed.
    done = subprocess.run(
        [WEB / "node_modules/.bin/vitest", "run"],
        cwd=WEB,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
