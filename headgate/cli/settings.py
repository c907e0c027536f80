"""`headgate settings`: what is in force and why, or the reference page of every setting."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from headgate import options
from headgate.settings import Option, SettingsError, read

HIDDEN = "***"


def show(environ: Mapping[str, str], merged: Mapping[str, str]) -> int:
    """Print name, value and origin of every setting, then all mistakes; `merged` is `environ` over `.env`."""
    table = list(rows(environ, merged))
    name_width = max(len(name) for name, _, _ in table)
    value_width = max(len(value) for _, value, _ in table)
    for name, value, origin in table:
        print(f"{name:{name_width}}  {value:{value_width}}  {origin}")
    mistakes = options.check(merged)
    if mistakes:
        print(SettingsError(mistakes), file=sys.stderr)
    return 2 if mistakes else 0


def rows(environ: Mapping[str, str], merged: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """(name, value as it may be shown, origin) of every setting."""
    for option in options.TABLE:
        yield option.name, shown(option, merged), origin(option, environ, merged)


def shown(option: Option[Any], merged: Mapping[str, str]) -> str:
    """The value as text; a secret is only said to be there."""
    text = option.text(merged)
    if text is None:
        return "-"
    if option.secret:
        return HIDDEN
    value, mistake = read(option, merged)
    return f"{text} (wrong)" if mistake else spelled(value)


def spelled(value: Any) -> str:
    """A parsed value in the spelling of the environment."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def origin(option: Option[Any], environ: Mapping[str, str], merged: Mapping[str, str]) -> str:
    """Where the value comes from: environment, .env or default, and by which alias."""
    for name in (option.name, *option.aliases):
        if merged.get(name):
            source = "environment" if name in environ else ".env"
            return source if name == option.name else f"{source}, as {name}"
    return "default" if option.default is not None else "not set"


def reference() -> str:
    """The page docs/settings.md."""
    lines = [HEAD, "| name | default | meaning |", "|---|---|---|"]
    for option in options.TABLE:
        names = ", or ".join(f"`{name}`" for name in (option.name, *option.aliases))
        default = "-" if option.default is None else f"`{option.default}`"
        secret = "; a secret" if option.secret else ""
        lines.append(f"| {names} | {default} | {option.meaning.replace('|', chr(92) + '|')}{secret} |")
    return "\n".join(lines) + "\n"


HEAD = """\
# Settings

Made by `headgate settings --markdown`; change `headgate/options.py` and make it again.

Settings are environment variables, or lines of a file `.env` in the working directory; the environment wins.
An empty value counts as not set. Wrong values, unknown `HEADGATE_` names and unsafe combinations are all told
together before anything starts. `headgate settings` shows what is in force, where each value comes from, and no secret.
"""
