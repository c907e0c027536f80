"""`python -m tests.simulators.openai`: the simulator as a process, until SIGINT or SIGTERM."""

import argparse
import asyncio

from tests.simulators.openai.server import OpenAISimulator
from tests.simulators.openai.vendors import VENDORS
from tests.simulators.serving.process import serve


def greet(simulator: OpenAISimulator) -> None:
    if simulator.settings.demo:
        account = simulator.account()
        print(f"key {account.key} for {simulator.base_url(account)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulators.openai", description="A strict, scriptable OpenAI-compatible endpoint on loopback"
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--vendor", choices=sorted(VENDORS), default="openai", help="whose ways /v1 has")
    parser.add_argument("--demo", action="store_true", help="pace answers as a model would, and make one account")
    arguments = parser.parse_args()
    asyncio.run(serve(OpenAISimulator(arguments.port, vendor=arguments.vendor, demo=arguments.demo), greet))


if __name__ == "__main__":
    main()
