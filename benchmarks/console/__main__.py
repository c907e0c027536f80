"""How fast the console's pages answer: python -m benchmarks.console [--rows 1000000] [--write].

A real control plane over a month of requests, in SQLite and, where one is reached, in PostgreSQL in a database of its
own (HEADGATE_TEST_DATABASE_URL names the server). Each call is made again and again, with other values for its filters.
"""

import argparse
import asyncio
import contextlib
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

from benchmarks.console.calls import CALLS
from benchmarks.console.filling import fill
from benchmarks.console.measure import Figures, measured
from benchmarks.console.plane import peopled, running
from benchmarks.console.report import markdown, refreshed
from controlplane.adapters.db import engine as database

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
SERVER = os.environ.get("HEADGATE_TEST_DATABASE_URL", "postgresql+asyncpg://postgres@127.0.0.1:5432/test")
CONNECT_SECONDS = 3


def main() -> None:
    asked = arguments()
    found: dict[str, Mapping[str, Figures]] = {}
    with tempfile.TemporaryDirectory(prefix="headgate-console-") as directory:
        path = Path(directory)
        if "sqlite" in asked.on:
            found["SQLite"] = asyncio.run(one(path / "sqlite", f"sqlite+aiosqlite:///{path}/console.db", asked))
        if "postgres" in asked.on:
            with own_database() as address:
                if address:
                    found["PostgreSQL"] = asyncio.run(one(path / "postgres", address, asked))
    table = markdown(CALLS, found, asked.rows, asked.audit)
    print(table)
    if asked.write:
        PAGE.write_text(refreshed(PAGE.read_text(), table))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console", description="How fast the console's pages answer.")
    parser.add_argument("--rows", type=int, default=1_000_000, help="requests (1000000)")
    parser.add_argument("--audit", type=int, default=100_000, help="changes in the audit log (100000)")
    parser.add_argument("--times", type=int, default=40, help="each call is made (40)")
    parser.add_argument("--on", nargs="+", choices=("sqlite", "postgres"), default=["sqlite", "postgres"])
    parser.add_argument("--write", action="store_true", help=f"renew the table of {PAGE.name}")
    return parser.parse_args()


async def one(directory: Path, address: str, asked: argparse.Namespace) -> Mapping[str, Figures]:
    """Fill a database, and measure over it."""
    directory.mkdir()  # noqa: ASYNC240 - nothing else runs meanwhile
    with running(directory, address) as asker:
        names = peopled(asker)
    engine, now = database.connect(address), int(time.time())  # noqa: TID251 - an edge: the history ends now
    said(f"{engine.dialect.name}: {asked.rows:,} requests")
    await fill(engine, names, asked.rows, asked.audit, now)
    await engine.dispose()
    said(f"{engine.dialect.name}: {len(CALLS)} calls")
    with running(directory, address) as asker:
        return measured(asker, CALLS, names, now, asked.times, asked.rows)


@contextlib.contextmanager
def own_database() -> Iterator[str]:
    """The address of a new PostgreSQL database, "" where no server is reached."""
    name = f"headgate_console_{secrets.token_hex(6)}"
    try:
        asyncio.run(administrate(f"CREATE DATABASE {name}"))
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        said(f"no PostgreSQL: {type(error).__name__}")
        yield ""
        return
    try:
        yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        asyncio.run(administrate(f"DROP DATABASE {name} WITH (FORCE)"))


async def administrate(statement: str) -> None:
    url = make_url(SERVER).set(drivername="postgresql").render_as_string(hide_password=False)
    connection: Any = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def said(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
