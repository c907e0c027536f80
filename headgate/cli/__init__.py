"""The `headgate` command. It starts the services or talks to them; it imports none of them."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from headgate import __version__
from headgate.settings import SettingsError, environment


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` name; returns the exit code."""
    said = _parser().parse_args(arguments)
    try:
        return int(said.run(said))
    except SettingsError as error:
        print(f"headgate: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="headgate", description="A self-hosted gateway to the LLM accounts you own.")
    parser.add_argument("--version", action="version", version=f"headgate {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start all services and keep them running; Ctrl-C stops them")
    up.set_defaults(run=_up)
    settings = commands.add_parser("settings", help="show the effective settings and where each comes from")
    settings.add_argument("--markdown", action="store_true", help="print the reference of all settings instead")
    settings.set_defaults(run=_settings)
    explain = commands.add_parser("explain", help="say what became of a request and why")
    explain.add_argument("request_id", metavar="REQUEST_ID", help="the x-request-id of its answer")
    explain.add_argument("--url", help="the console's address; by default from HEADGATE_CONSOLE_URL, or host and port")
    explain.add_argument("--password-file", metavar="FILE", help="holds the administrator's password or a token; by default ADMIN_PASSWORD")
    explain.add_argument("--json", action="store_true", help="print the control plane's answer as it is")
    explain.set_defaults(run=_explain)
    return parser


# Each command is imported when it is called, so that no command waits for another's imports.


def _up(_said: argparse.Namespace) -> int:
    from headgate.cli import up  # noqa: PLC0415 - see above

    return up.run(environment(os.environ, Path.cwd()))


def _settings(said: argparse.Namespace) -> int:
    from headgate.cli import settings  # noqa: PLC0415 - see above

    if said.markdown:
        print(settings.reference(), end="")
        return 0
    return settings.show(os.environ, environment(os.environ, Path.cwd()))


def _explain(said: argparse.Namespace) -> int:
    from headgate.cli import explain  # noqa: PLC0415 - see above

    return explain.run(said.request_id, environment(os.environ, Path.cwd()), said.url, said.password_file, raw=said.json)
