"""`python -m controlplane [serve|migrate|reset-password|openapi]`."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

import uvloop

from controlplane import app
from controlplane.domain.errors import StartError
from controlplane.rest.api import document
from controlplane.settings import Settings
from headgate import __version__, logs, options
from headgate.settings import SettingsError, environment, load

COMMANDS: Mapping[str, Callable[[Settings], Coroutine[Any, Any, None]]] = {
    "serve": app.serve,
    "migrate": app.migrate,
    "reset-password": app.reset_password,
}


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """The exit status: 0 well, 1 cannot start now, 2 wrong settings or arguments, 3 cannot start until somebody helps."""
    if list(arguments) == ["openapi"]:  # needs neither settings nor a database
        sys.stdout.write(json.dumps(document(__version__), indent=2) + "\n")
        return 0
    command = COMMANDS.get(arguments[0] if arguments else "serve")
    if command is None or len(arguments) > 1:
        return _fail(f"usage: python -m controlplane [{'|'.join((*COMMANDS, 'openapi'))}]", 2)
    try:
        settings = load(Settings, environ)
    except SettingsError as error:
        return _fail(str(error), 2)
    if mistakes := settings.mistakes():
        return _fail(str(SettingsError(mistakes)), 2)
    if unsafe := options.unsafe(environ):
        return _fail("\n".join(unsafe), 1)
    logs.set_up("controlplane", settings.log_level)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(command(settings))
    except StartError as error:
        return _fail(str(error), 1 if error.passing else 3)
    return 0


def _fail(message: str, status: int) -> int:
    sys.stderr.write(message + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], environment(os.environ, Path.cwd())))
