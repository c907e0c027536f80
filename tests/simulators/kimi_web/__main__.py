"""`python -m tests.simulators.kimi_web`: the simulator as a process, until SIGINT or SIGTERM."""

import argparse
import asyncio

from tests.simulators.kimi_web.server import KimiSimulator
from tests.simulators.serving.process import serve


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulators.kimi_web", description="A strict, scriptable kimi-ai.chat on loopback"
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    # Nothing has to be known beside the address.
    asyncio.run(serve(KimiSimulator(parser.parse_args().port), lambda _: None))


if __name__ == "__main__":
    main()
