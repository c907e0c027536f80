"""The mock and the real services, started for one run in a directory of their own."""

import contextlib
import functools
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from benchmarks.cases import MODELS, PATHS, Case, body
from benchmarks.process import pin, shares

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.01
SERVICES = ("controlplane", "summarizer", "dataplane")
# What of our own environment the services see.
KEPT = ("PATH", "HOME", "LANG", "HEADGATE_REDIS_URL")
READY_PORT = {"mock": "mock", "controlplane": "console", "summarizer": "summarizer_http", "dataplane": "clients"}


class Broken(Exception):
    """The stack does not start, or a part of it ended by itself."""


class Stack:
    """Mock, control plane, summarizer and data plane; gone when the context is left.

    `starts` are the seconds from starting a process to its /ready: of the whole stack on an empty
    directory, and of the data plane alone with the others running.
    """

    def __init__(self, directory: Path, profile: Path | None = None) -> None:
        self.proxy_key, self._password = secrets.token_hex(24), secrets.token_hex(24)
        self.ports = free_ports("mock", "clients", "console", "control", "summarizer", "summarizer_http")
        self.starts: dict[str, float] = {}
        self._directory = directory
        self._profile = profile.resolve() if profile else None
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as cleanup:
            cleanup.callback(self.stop)
            self._start()
            cleanup.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self._running.items()}

    @property
    def rpc_token(self) -> str:
        """What the planes show each other."""
        return self._password

    def stop(self) -> None:
        """End what was started, last first."""
        for name in reversed(list(self._running)):
            self._end(name)

    def _start(self) -> None:
        self._run("mock", "benchmarks.mock", str(self.ports["mock"]))
        self._await_ready("mock")
        began = time.perf_counter()
        for name in SERVICES:
            self._run(name, name)
        self._await_ready(*SERVICES)
        self.starts["whole stack"] = time.perf_counter() - began
        self._end("dataplane")
        began = time.perf_counter()
        self._run("dataplane", *(("cProfile", "-o", str(self._profile), "-m") if self._profile else ()), "dataplane")
        self._await_ready("dataplane")
        self.starts["data plane"] = time.perf_counter() - began
        self._add_accounts()
        self._pin()

    def _pin(self) -> None:
        """The data plane alone on one core; everything else, the load generator included, on the others."""
        measured, others = shares()
        for name, pid in self.pids.items():
            pin(pid, measured if name == "dataplane" else others)
        pin(os.getpid(), others)

    def _run(self, name: str, *module: str) -> None:
        kept = {variable: os.environ[variable] for variable in KEPT if variable in os.environ}
        environment = {**kept, **self._settings(), "PYTHONPATH": str(ROOT)}
        with self._log(name).open("ab") as log:
            # In the empty directory there is no .env file to be read by mistake.
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", *module], cwd=self._directory, env=environment, stdout=log, stderr=log
            )

    def _settings(self) -> dict[str, str]:
        upstream = f"http://127.0.0.1:{self.ports['mock']}"
        return {
            "PROXY_API_KEY": self.proxy_key,
            "ADMIN_PASSWORD": self._password,
            "PORT": str(self.ports["clients"]),
            "LOG_LEVEL": "WARNING",
            "HEADGATE_DATA_DIR": str(self._directory / "data"),
            "HEADGATE_CONSOLE_PORT": str(self.ports["console"]),
            "HEADGATE_CONTROL_ADDR": f"127.0.0.1:{self.ports['control']}",
            "HEADGATE_SUMMARIZER_ADDR": f"127.0.0.1:{self.ports['summarizer']}",
            "HEADGATE_SUMMARIZER_HTTP_PORT": str(self.ports["summarizer_http"]),
            "HEADGATE_RPC_TOKEN": self._password,
            "HEADGATE_KIRO_API_URL": upstream,
            "HEADGATE_KIRO_MANAGEMENT_URL": upstream,
            "HEADGATE_KIRO_AUTH_URL": upstream,
            "HEADGATE_KIRO_OIDC_URL": upstream,
        }

    def _add_accounts(self) -> None:
        """Add one account of each kind, then wait until clients are served with them."""
        endpoint = {"baseUrl": f"http://127.0.0.1:{self.ports['mock']}", "apiKey": "sk-mock"}
        for kind, more in (
            ("kiro", {"refreshToken": "aorAAAAA" + "x" * 120}),
            ("openai", {**endpoint, "baseUrl": f"{endpoint['baseUrl']}/v1", "models": [MODELS["openai"]]}),
            ("anthropic", {**endpoint, "models": [MODELS["anthropic"]]}),
        ):
            self._add_account({"kind": kind, "label": f"benchmarks-{kind}", "maxConcurrency": 1000, **more})
            url, asked = f"http://127.0.0.1:{self.ports['clients']}{PATHS['anthropic']}", body(Case("first", upstream=kind, streamed=False))
            self._await_good(functools.partial(fetch, url, f"Bearer {self.proxy_key}", asked), f"no request is served by {kind}")

    def _add_account(self, account: dict[str, Any]) -> None:
        console = f"http://127.0.0.1:{self.ports['console']}/api/accounts"
        status, answer = fetch(console, f"Bearer {self._password}", json.dumps(account).encode())
        if status != 201:
            raise Broken(f"the account was not accepted: {status} {answer!r}")

    def _await_ready(self, *names: str) -> None:
        for name in names:
            path = "health" if name == "mock" else "ready"
            url = f"http://127.0.0.1:{self.ports[READY_PORT[name]]}/{path}"
            self._await_good(functools.partial(fetch, url), f"{name} is not ready")

    def _await_good(self, ask: Callable[[], tuple[int, bytes]], complaint: str) -> None:
        """Ask until the status is 200. Raises Broken when it takes too long or a process has ended."""
        deadline = time.monotonic() + START_SECONDS
        while (reply := ask())[0] != 200:
            if self._ended() or time.monotonic() > deadline:
                raise Broken(f"{complaint}; last reply {reply!r}\n{self.last_words()}")
            time.sleep(POLL_SECONDS)

    def last_words(self) -> str:
        """The ends of the logs, only those of processes that ended by themselves if there are any."""
        ended = self._ended()
        logs = {name: self._log(name).read_text(errors="replace")[-2000:] for name in ended or self._running}
        return "\n".join(f"{name}{' has ended' * (name in ended)}:\n{log}" for name, log in logs.items() if log or ended)

    def _ended(self) -> list[str]:
        return [name for name, process in self._running.items() if process.poll() is not None]

    def _log(self, name: str) -> Path:
        return self._directory / f"{name}.log"

    def _end(self, name: str) -> None:
        process = self._running.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def fetch(url: str, authorization: str = "", data: bytes | None = None) -> tuple[int, bytes]:
    """Status and body of a POST, or of a GET when there is no data; status 0 when nobody answers."""
    headers = {"authorization": authorization, "content-type": "application/json"} if authorization else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=10) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except (OSError, urllib.error.URLError) as error:
        return 0, str(error).encode()


def free_ports(*names: str) -> dict[str, int]:
    """A free port for each name."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in names]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return {name: one.getsockname()[1] for name, one in zip(names, sockets, strict=True)}
