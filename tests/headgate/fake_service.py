"""A small program in the place of a service: `python fake_service.py NAME PORT DIARY MANNER...`.

It answers /ready and writes what happens to it into the file DIARY, one line an event. It imports
little, so that it starts at once. Manners: `late=SECONDS` until ready, `slow=SECONDS` to stop,
`stubborn` (ignores SIGTERM), `deaf` (never listens), `broken` (answers 503), `exit=CODE` at once,
`nested` (starts a process of its own).
"""

import os
import signal
import socket
import sys
import time
from pathlib import Path

READY = b"HTTP/1.0 200 OK\r\n\r\nready"
BROKEN = b'HTTP/1.0 503 Service Unavailable\r\n\r\n{"reasons":["no database, token=hush"]}'


def serve(name, port, diary, *manners):
    said = dict(manner.partition("=")[::2] for manner in manners)

    def note(event):
        with Path(diary).open("a") as file:
            file.write(f"{name} {event} {os.getpid()}\n")

    def stop(_number, _frame):
        note("asked")
        if "stubborn" not in said:
            time.sleep(float(said.get("slow", 0)))
            note("stopped")
            os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    note("started")
    if "exit" in said:
        sys.exit(int(said["exit"]))
    if "nested" in said and os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        note("nested")
        time.sleep(60)
        os._exit(0)
    while "deaf" in said:
        signal.pause()
    time.sleep(float(said.get("late", 0)))
    answer(int(port), BROKEN if "broken" in said else READY)


def answer(port, text):
    with socket.create_server(("127.0.0.1", port)) as server:
        while True:
            peer, _ = server.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(text)


if __name__ == "__main__":
    serve(*sys.argv[1:])
