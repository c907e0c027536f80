"""What compression costs and saves: python -m benchmarks.compression [--requests 200] [--seed 1] [--write]."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks.compression.cases import CASES, USUAL, Case
from benchmarks.compression.conversation import Growing, grown
from benchmarks.compression.course import Step, course
from benchmarks.compression.report import Found, markdown, refreshed
from benchmarks.compression.served import Served, served

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "compression.md"
# When the service starts anew, as a share of the requests: the summary is in force by then under both policies.
RESTART = 0.7
RESTARTED = (USUAL, Case(50_000))


def main() -> None:
    asked = arguments()
    growing = grown(asked.seed, asked.requests)
    found = compared(growing)
    tables = markdown(asked.seed, growing, found)
    print(tables)
    if asked.write:
        write(found, tables)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compression", description="What compression costs and saves.")
    parser.add_argument("--requests", type=int, default=200, help="length of the conversation (200)")
    parser.add_argument("--seed", type=int, default=1, help="another seed is another conversation (1)")
    parser.add_argument("--write", action="store_true", help=f"renew the tables and plots of {PAGE.name}; the plots need matplotlib")
    return parser.parse_args()


def compared(growing: Growing) -> Found:
    """Every policy, one after the other, each on a file of its own."""
    restart = int(len(growing) * RESTART)
    return Found(
        courses={case: played(growing, case) for case in CASES},
        restarted={case: played(growing, case, restart) for case in RESTARTED},
        restart=restart,
        served=asyncio.run(measured(growing)),
    )


def played(growing: Growing, case: Case, restart: int = -1) -> list[Step]:
    print(case.name, file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="headgate-compression-") as directory:
        return course(growing, case, Path(directory), restart)


async def measured(growing: Growing) -> Served:
    print("the process", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="headgate-compression-") as directory:
        return await served(growing, Path(directory), [len(growing) * part // 4 for part in (2, 3, 4)])


def write(found: Found, tables: str) -> None:
    """Renew the page and its plots. Exits without matplotlib: a page whose parts are of different runs would lie."""
    try:
        from benchmarks.compression.plots import draw  # noqa: PLC0415 - matplotlib is an extra, and needed here only
    except ModuleNotFoundError as missing:
        sys.exit(f"nothing was written: {missing}; pip install 'headgate[plots]'")
    PAGE.write_text(refreshed(PAGE.read_text(), tables))
    for path in draw(found.courses, DOCS):
        print(f"written: {path.relative_to(DOCS.parent)}", file=sys.stderr)


if __name__ == "__main__":
    main()
