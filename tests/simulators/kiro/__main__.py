"""`python -m tests.simulators.kiro`: the simulator as a process, until SIGINT or SIGTERM."""

import argparse
import asyncio
import contextlib
import signal

from tests.simulators.kiro.server import KiroSimulator


async def serve(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Not offered by every platform's event loop; there KeyboardInterrupt ends the process.
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with KiroSimulator(arguments.port, profile=arguments.profile, demo=arguments.demo) as simulator:
        if arguments.demo:
            print(f"refresh token {simulator.account().refresh_token}", flush=True)
        print(f"listening on {simulator.url}", flush=True)
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.simulators.kiro", description="A strict, scriptable Kiro on loopback")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--profile", choices=("runtime", "legacy"), default="runtime")
    parser.add_argument("--demo", action="store_true", help="pace answers as a model would, and make one account")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
