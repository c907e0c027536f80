"""`python -m dataplane`: read the settings, serve, drain on SIGTERM.

Exit codes: 2 for wrong settings, 1 for an address that is taken.
"""

import logging
import os
import sys
from pathlib import Path

import uvloop

from dataplane import app
from dataplane.settings import Settings
from headgate import http, logs
from headgate.settings import SettingsError, environment, load


def main() -> int:
    try:
        settings = load(Settings, environment(os.environ, Path.cwd()))
    except SettingsError as error:
        print(f"dataplane: {error}", file=sys.stderr)  # noqa: T201 - there is no log yet
        return 2
    logs.set_up("dataplane", settings.log_level)
    try:
        uvloop.run(_serve(settings))
    except OSError as error:
        logging.getLogger("dataplane").error("cannot listen: %s", error)  # noqa: TRY400 - a busy port needs no stack
        return 1
    return 0


async def _serve(settings: Settings) -> None:
    await app.serve(settings, http.stop_signals())


if __name__ == "__main__":
    sys.exit(main())
