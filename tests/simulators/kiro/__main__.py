"""`python -m tests.simulators.kiro`: the simulator as a process, until SIGINT or SIGTERM."""

import argparse
import asyncio

from tests.simulators.kiro.server import KiroSimulator
from tests.simulators.serving.process import serve


def greet(simulator: KiroSimulator) -> None:
    if simulator.settings.demo:
        print(f"refresh token {simulator.account().refresh_token}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.simulators.kiro", description="A strict, scriptable Kiro on loopback")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--profile", choices=("runtime", "legacy"), default="runtime")
    parser.add_argument("--demo", action="store_true", help="pace answers as a model would, and make one account")
    arguments = parser.parse_args()
    asyncio.run(serve(KiroSimulator(arguments.port, profile=arguments.profile, demo=arguments.demo), greet))


if __name__ == "__main__":
    main()
