"""Compare the scheduling modes in simulated days: python -m benchmarks.scheduling [--days 3] [--seed 1] [--write]."""

import argparse
import logging
import sys
from pathlib import Path

from benchmarks.scheduling.report import Found, markdown, refreshed
from benchmarks.scheduling.scenario import Scenario
from benchmarks.scheduling.simulation import compare

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "scheduling.md"


def main() -> None:
    asked = arguments()
    # A day of simulated faults would fill the terminal with what is meant to happen.
    logging.disable(logging.WARNING)
    scenario = Scenario(days=asked.days, seed=asked.seed)
    found = compare(scenario)
    tables = markdown(scenario, found)
    print(tables)
    if asked.write:
        write(scenario, found, tables)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scheduling", description="The scheduling modes compared in simulated days.")
    parser.add_argument("--days", type=float, default=3.0, help="length of the simulation (3); what happens later is left out")
    parser.add_argument("--seed", type=int, default=1, help="another seed is another course of events (1)")
    parser.add_argument("--write", action="store_true", help=f"renew the tables and plots of {PAGE.name}; the plots need matplotlib")
    return parser.parse_args()


def write(scenario: Scenario, found: Found, tables: str) -> None:
    """Renew the page and its plots. Exits without matplotlib: a page whose parts are of different runs would lie."""
    try:
        from benchmarks.scheduling.plots import draw  # noqa: PLC0415 - matplotlib is an extra, and needed here only
    except ModuleNotFoundError as missing:
        sys.exit(f"nothing was written: {missing}; pip install 'headgate[plots]'")
    PAGE.write_text(refreshed(PAGE.read_text(), tables))
    for path in draw(scenario, found, DOCS):
        print(f"written: {path.relative_to(DOCS.parent)}", file=sys.stderr)


if __name__ == "__main__":
    main()
