"""`python -m dataplane`: read settings, serve, drain on SIGTERM."""

import os
import sys
from pathlib import Path

from dataplane import app
from dataplane.settings import Settings
from headgate import logs
from headgate.settings import SettingsError, environment, load


def main() -> int:
    """0 after a regular end, 2 for wrong settings."""
    try:
        settings = load(Settings, environment(os.environ, Path.cwd()))
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the one message of a process that cannot start
        return 2
    logs.set_up("dataplane", settings.log_level)
    app.run(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
