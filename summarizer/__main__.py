"""`python -m summarizer`: read the settings, serve, stop on SIGTERM.

Exit codes: 1 cannot start now (an address is taken, the database is away), 2 wrong settings, 3 cannot start until
somebody helps.
"""

import logging
import os
import sys
from pathlib import Path

import uvloop

from headgate import http, logs, options
from headgate.settings import SettingsError, environment, load
from summarizer import app
from summarizer.errors import StartError
from summarizer.settings import Settings


def main() -> int:
    try:
        settings = _settings()
    except SettingsError as error:
        print(f"summarizer: {error}", file=sys.stderr)  # noqa: T201 - there is no log yet
        return 2
    logs.set_up("summarizer", settings.log_level)
    try:
        uvloop.run(_serve(settings))
    except StartError as error:
        print(f"summarizer: {error}", file=sys.stderr)  # noqa: T201 - for the operator, as wrong settings are
        return 1 if error.passing else 3
    except (OSError, RuntimeError) as error:  # an address is taken: HTTP's, gRPC's
        logging.getLogger("summarizer").error("cannot listen: %s", error)  # noqa: TRY400 - a busy port needs no stack
        return 1
    return 0


def _settings() -> Settings:
    settings = load(Settings, environment(os.environ, Path.cwd()))
    mistakes = options.unguarded(settings.listen, settings.rpc_token)
    if mistakes:
        raise SettingsError(mistakes)
    return settings


async def _serve(settings: Settings) -> None:
    await app.serve(settings, http.stop_signals())


if __name__ == "__main__":
    sys.exit(main())
