"""`python -m tests.simulators.anthropic`: the simulator as a process, until SIGINT or SIGTERM."""

import argparse
import asyncio

from tests.simulators.anthropic.server import AnthropicSimulator
from tests.simulators.serving.process import serve


def greet(simulator: AnthropicSimulator) -> None:
    if simulator.settings.demo:
        print(f"key {simulator.account().key}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulators.anthropic", description="A strict, scriptable Anthropic Messages endpoint on loopback"
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--demo", action="store_true", help="pace answers as a model would, and make one account")
    arguments = parser.parse_args()
    asyncio.run(serve(AnthropicSimulator(arguments.port, demo=arguments.demo), greet))


if __name__ == "__main__":
    main()
