"""Measure what a request costs: python -m benchmarks [--cases ns,s20] [--rounds 2] [--seconds 2]."""

import argparse
import dataclasses
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.cases import CASES, DEFAULT, PATHS, Case, body
from benchmarks.load import Order, Result
from benchmarks.process import resident_mib
from benchmarks.report import Measurement, Run, markdown, refreshed
from benchmarks.stack import ROOT, Broken, Stack

# Waiting is measured in a shorter window than CPU.
LIGHT_SHARE = 0.25


def main() -> None:
    asked = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))  # leaves the stack's context, so that nothing stays behind
    page = asked.markdown.read_text() if asked.markdown else ""
    if asked.markdown:
        refreshed(page, "")  # complains before the work, not after it
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as directory, Stack(Path(directory), asked.profile) as stack:
        run = measure(stack, asked.cases, asked.rounds, asked.seconds)
    tables = markdown(run)
    print(tables)
    if asked.json:
        asked.json.write_text(json.dumps(dataclasses.asdict(run), indent=2) + "\n")
    if asked.markdown:
        asked.markdown.write_text(refreshed(page, tables))
    if asked.profile:
        print(f"\nThe data plane ran under the profiler, which about doubles its CPU. Read it with: python -m pstats {asked.profile}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What a request costs in CPU and waiting.")
    known = "; ".join(f"{case.name}: {case.meaning}" for case in CASES.values())
    parser.add_argument("--cases", type=_cases, default=[CASES[name] for name in DEFAULT], help=f"comma-separated, or all. {known}")
    parser.add_argument("--rounds", type=int, default=2, help="how often all cases are run, in turn (2)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of each measured window (2)")
    parser.add_argument("--json", type=Path, help="write everything measured to this file")
    parser.add_argument("--markdown", type=Path, help="refresh the tables between the markers in this page")
    parser.add_argument("--profile", type=Path, help="run the data plane under cProfile and write this file")
    return parser.parse_args()


def _cases(names: str) -> list[Case]:
    if names == "all":
        return list(CASES.values())
    unknown = [name for name in names.split(",") if name not in CASES]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such case: {', '.join(unknown)}; there are {', '.join(CASES)}")
    return [CASES[name] for name in names.split(",")]


def measure(stack: Stack, cases: list[Case], rounds: int, seconds: float) -> Run:
    """Every case in turn, round after round, so that the machine's moods fall on all alike."""
    idle = resident_mib(stack.pids["dataplane"])
    found = []
    for number in range(rounds):
        for case in cases:
            print(f"round {number + 1} of {rounds}: {case.name}", file=sys.stderr, flush=True)
            found.append(_measure(stack, case, number, seconds))
    return Run(found, stack.starts, idle, resident_mib(stack.pids["dataplane"]))


def _measure(stack: Stack, case: Case, number: int, seconds: float) -> Measurement:
    """CPU under load; waiting at one connection, or, where the streams are paced, in the same window."""
    load = fire(stack, case, seconds)
    if case.pace_ms:
        return Measurement(case.name, number, load, load, fire(stack, _bare(case), seconds))
    alone, short = dataclasses.replace(case, connections=1), seconds * LIGHT_SHARE
    return Measurement(case.name, number, load, fire(stack, alone, short), fire(stack, _bare(alone), short))


def _bare(case: Case) -> Case:
    """An answer of as many events without the gateway."""
    return dataclasses.replace(case, dialect="kiro")


def fire(stack: Stack, case: Case, seconds: float) -> Result:
    """Run the load generator; raises Broken when an answer was not whole."""
    order = Order(
        port=stack.ports["mock" if case.dialect == "kiro" else "clients"],
        path=PATHS[case.dialect],
        key=stack.proxy_key,
        body=body(case).decode(),
        kind=case.kind,
        events=case.events,
        connections=case.connections,
        stagger=case.stagger,
        warm_up=seconds / 5,
        seconds=seconds,
        pids=stack.pids,
    )
    command = [sys.executable, "-m", "benchmarks.load"]
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(dataclasses.asdict(order)), capture_output=True, text=True, check=False)
    if done.returncode:
        raise Broken(f"{case.name}: {done.stderr.strip()}\n{stack.last_words()}")
    return Result(**json.loads(done.stdout))


if __name__ == "__main__":
    try:
        main()
    except (Broken, ValueError, FileNotFoundError) as error:
        sys.exit(f"no benchmark: {error}")
