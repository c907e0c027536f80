"""A real control plane over a database, and an administrator who asks it."""

import contextlib
import http.client
import json
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.console.history import Names
from benchmarks.stack import ROOT, Broken, fetch, free_ports

PASSWORD = secrets.token_hex(16)
START_SECONDS, STOP_SECONDS = 120.0, 30.0
KINDS = ("kiro", "kiro", "kiro", "kiro", "kiro", "openai", "openai", "anthropic", "kimi-web")
KEYS = 40
NOWHERE = "http://127.0.0.1:9"  # no upstream is asked anything


class Asker:
    """One connection, kept."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        """Status and answer."""
        headers = {"authorization": f"Bearer {PASSWORD}", "content-type": "application/json"}
        self._connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        reply = self._connection.getresponse()
        text = reply.read()
        return reply.status, json.loads(text) if text.startswith(b"{") else {}


@contextlib.contextmanager
def running(directory: Path, database: str) -> Iterator[Asker]:
    """The control plane, ready, until the context is left."""
    ports = free_ports("console", "control")
    with (directory / "controlplane.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "controlplane"], cwd=directory, env=_settings(directory, database, ports), stdout=log, stderr=log
        )
    try:
        _await_ready(process, ports["console"], directory)
        yield Asker(ports["console"])
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def peopled(asker: Asker) -> Names:
    """Make the accounts and keys."""
    accounts, keys = [], []
    for number, kind in enumerate(KINDS):
        status, made = asker.ask("POST", "/api/accounts", {"kind": kind, "label": f"{kind} {number}", **_credentials(kind, number)})
        if status != 201:
            raise Broken(f"the account was not accepted: {status} {made}")
        accounts.append((made["id"], kind))
    for number in range(KEYS):
        limits = {"tokens": {"day": 10**9, "month": 10**10}, "requests": {"minute": 600}} if number % 2 else {}
        status, made = asker.ask("POST", "/api/keys", {"name": f"key {number}", "limits": limits})
        if status != 201:
            raise Broken(f"the key was not accepted: {status} {made}")
        keys.append(made["id"])
    return Names(keys, accounts)


def _credentials(kind: str, number: int) -> dict[str, Any]:
    if kind == "kiro":
        return {"refreshToken": f"aorAAAAA{'x' * 120}{number}"}
    if kind == "kimi-web":
        return {}
    return {"baseUrl": NOWHERE, "apiKey": f"sk-{number}"}


def _settings(directory: Path, database: str, ports: Mapping[str, int]) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "PROXY_API_KEY": PASSWORD[::-1],
        "ADMIN_PASSWORD": PASSWORD,
        "LOG_LEVEL": "WARNING",
        "HEADGATE_DATA_DIR": str(directory / "data"),
        "HEADGATE_DATABASE_URL": database,
        "HEADGATE_CONSOLE_PORT": str(ports["console"]),
        "HEADGATE_CONTROL_ADDR": f"127.0.0.1:{ports['control']}",
        "HEADGATE_RPC_TOKEN": PASSWORD,
        "HEADGATE_KIRO_API_URL": NOWHERE,
        "HEADGATE_KIRO_MANAGEMENT_URL": NOWHERE,
        "HEADGATE_KIRO_AUTH_URL": NOWHERE,
        "HEADGATE_KIRO_OIDC_URL": NOWHERE,
        "HEADGATE_KIMI_WEB_URL": NOWHERE,
    }


def _await_ready(process: subprocess.Popen[bytes], port: int, directory: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while fetch(f"http://127.0.0.1:{port}/ready")[0] != 200:
        if process.poll() is not None or time.monotonic() > deadline:
            raise Broken((directory / "controlplane.log").read_text()[-2000:])
        time.sleep(0.05)
