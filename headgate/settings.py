"""Settings: declared once as options, read once from the environment, all mistakes told together.

An `Option` says what a variable means and how its text is parsed. A service's settings are a
frozen dataclass whose fields are `setting(option)`; `load` fills it. Nothing else in the project
reads the environment.
"""

import dataclasses
import ipaddress
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from dotenv import dotenv_values

# `host:port`, IPv6 in brackets.
PLACE = re.compile(r"(?:\[[0-9A-Fa-f:.]+(?:%\w+)?\]|[^\s/:@?#\[\]]+):([0-9]{1,5})", re.ASCII)
HIGHEST_PORT = 65535
# Characters of a secret between services.
SHORTEST = 16
# What may stand before "://" of a database address, and what it is to its driver.
DATABASES: Mapping[str, str] = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}

T = TypeVar("T")
M = TypeVar("M")


class SettingsError(Exception):
    """One or more settings are wrong; `mistakes` names every one."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("settings are wrong:\n" + "\n".join(f"  - {mistake}" for mistake in mistakes))


@dataclasses.dataclass(frozen=True)
class Option(Generic[T]):
    """One variable: its name, how its text becomes a value, its default as text, its meaning.

    `parse` raises ValueError with a phrase that completes "NAME ...". An option without a default
    is None when unset. `secret` values are masked wherever settings are shown.
    """

    name: str
    parse: Callable[[str], T]
    default: str | None
    meaning: str
    secret: bool = False
    aliases: tuple[str, ...] = ()

    def text(self, environ: Mapping[str, str]) -> str | None:
        """The text that counts: the name's, else an alias's, else the default. Empty is unset."""
        for name in (self.name, *self.aliases):
            if environ.get(name):
                return environ[name]
        return self.default


def setting(option: Option[Any]) -> Any:
    """A dataclass field filled from `option`; secrets stay out of the repr."""
    return dataclasses.field(metadata={"option": option}, repr=not option.secret)


def environment(environ: Mapping[str, str], directory: Path) -> dict[str, str]:
    """The process environment over the `.env` file in `directory`, if there is one.

    Raises SettingsError when the file is there but cannot be read.
    """
    try:
        file = dotenv_values(directory / ".env")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f".env: cannot be read ({error})"]) from None
    return {**{name: text for name, text in file.items() if text is not None}, **environ}


def load(model: type[M], environ: Mapping[str, str]) -> M:
    """Fill `model` from `environ`; raises SettingsError naming every mistake."""
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    for field in dataclasses.fields(model):  # type: ignore[arg-type]  # every model is a dataclass
        value, mistake = read(field.metadata["option"], environ)
        values[field.name] = value
        mistakes += mistake
    if mistakes:
        raise SettingsError(mistakes)
    return model(**values)


def read(option: Option[T], environ: Mapping[str, str]) -> tuple[T | None, list[str]]:
    """The option's value and its mistakes (at most one)."""
    text = option.text(environ)
    if text is None:
        return None, []
    try:
        return option.parse(text), []
    except ValueError as error:
        shown = "its value" if option.secret else repr(text)
        return None, [f"{option.name}: {shown} {error}"]


# ---- parsers: text in, value out, ValueError with a phrase on bad text


def text(value: str) -> str:
    """Any text."""
    return value


def credential(value: str) -> str:
    """A secret that fits into a header and cannot be guessed."""
    if len(value) < SHORTEST or not all("!" <= each <= "~" for each in value):
        raise ValueError(f"needs {SHORTEST} characters or more, of ASCII and without spaces")
    return value


def integer(low: int, high: int) -> Callable[[str], int]:
    """A whole number from `low` to `high`."""

    def parse(value: str) -> int:
        try:
            number = int(value)
        except ValueError:
            raise ValueError("is not a whole number") from None
        if not low <= number <= high:
            raise ValueError(f"is not between {low} and {high}")
        return number

    return parse


def seconds(low: float, high: float) -> Callable[[str], float]:
    """A number of seconds from `low` to `high`."""

    def parse(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            raise ValueError("is not a number of seconds") from None
        if not low <= number <= high:
            raise ValueError(f"is not between {low} and {high} seconds")
        return number

    return parse


def choice(*names: str) -> Callable[[str], str]:
    """One of `names`, in any case."""

    def parse(value: str) -> str:
        for name in names:
            if name.lower() == value.lower():
                return name
        raise ValueError(f"is not one of {', '.join(names)}")

    return parse


def switch(value: str) -> bool:
    """On or off, in the usual spellings."""
    spelled = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if value.lower() not in spelled:
        raise ValueError("is not true or false")
    return spelled[value.lower()]


def listing(value: str) -> tuple[str, ...]:
    """Comma-separated texts; empty ones are left out."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def networks(value: str) -> tuple[str, ...]:
    """Comma-separated addresses or networks such as 10.0.0.0/8."""
    parts = listing(value)
    for part in parts:
        try:
            ipaddress.ip_network(part, strict=False)
        except ValueError:
            raise ValueError(f"holds {part!r}, which is no address and no network") from None
    return parts


def address(value: str) -> str:
    """`host:port`."""
    place = PLACE.fullmatch(value)
    if place is None or not 0 < int(place[1]) <= HIGHEST_PORT:
        raise ValueError("is not host:port")
    return value


def addresses(value: str) -> tuple[str, ...]:
    """Comma-separated `host:port`, at least one."""
    parts = listing(value)
    if not parts:
        raise ValueError("names no address")
    return tuple(address(part) for part in parts)


def url(value: str) -> str:
    """An http or https address, in which `{region}` may stand for a region; a trailing slash is removed."""
    if value.partition("://")[0] not in ("http", "https"):
        raise ValueError("does not start with http:// or https://")
    try:
        parts = urlsplit(value.replace("{region}", "region"))
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not a web address") from None
    if not host:
        raise ValueError("names no host")
    if re.search(r"[\s{}]", value.replace("{region}", "")) or port == 0:
        raise ValueError("is not a web address")
    return value.rstrip("/")


def database(value: str) -> str:
    """A database address with the driver that is used for it. Its parts are never told: they hold a password."""
    scheme, mark, rest = value.partition("://")
    driver = DATABASES.get(scheme) if mark else None
    if driver is None:
        raise ValueError("does not begin with sqlite+aiosqlite:/// or postgresql+asyncpg://")
    place, _, name = rest.partition("?")[0].partition("/")
    if not name:
        raise ValueError("names no database")
    host = place.rpartition("@")[2]
    if driver.startswith("sqlite"):
        if place:
            raise ValueError("names a host; a file follows three slashes, an absolute one four")
    elif host:
        try:
            address(host if PLACE.fullmatch(host) else f"{host}:1")
        except ValueError:
            raise ValueError("does not name its host as host or host:port") from None
    return f"{driver}://{rest}"


def redis(value: str) -> str:
    """The address of a Redis. Its parts are never told: they hold a password."""
    scheme, mark, rest = value.partition("://")
    if not mark or scheme not in ("redis", "rediss"):
        raise ValueError("does not begin with redis:// or rediss://")
    place, _, number = rest.partition("?")[0].partition("/")
    host = place.rpartition("@")[2]
    try:
        address(host if PLACE.fullmatch(host) else f"{host}:1")
    except ValueError:
        raise ValueError("does not name its host as host or host:port") from None
    if number and not number.isdecimal():
        raise ValueError("names a database that is no number")
    return value


def urls(value: str) -> tuple[str, ...]:
    """Comma-separated http or https addresses, at least one."""
    parts = listing(value)
    if not parts:
        raise ValueError("names no address")
    return tuple(url(part) for part in parts)
