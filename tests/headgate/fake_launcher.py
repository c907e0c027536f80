"""A launcher of small programs: `python fake_launcher.py DIARY PORT...`; says `ready` when they are."""

import asyncio
import os
import sys
from pathlib import Path

from headgate.child import Child
from headgate.stack import Stack, Stop, Timing

SERVICE = str(Path(__file__).with_name("fake_service.py"))


def child(diary, port):
    name = f"service-{port}"
    return Child(name, (sys.executable, SERVICE, name, port, diary), f"http://127.0.0.1:{port}/ready", 5)


async def launch(diary, *ports):
    stop = Stop()
    stop.listen()
    stack = Stack([child(diary, port) for port in ports], os.environ, Timing())
    return await stack.run(stop, lambda: print("ready", flush=True))


if __name__ == "__main__":
    sys.exit(asyncio.run(launch(*sys.argv[1:])))
