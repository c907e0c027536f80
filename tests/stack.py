"""The whole of Headgate as a user starts it, with simulated upstreams behind it: for flow tests and the demo."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parent.parent
PROXY_KEY = "demo-proxy-key"
ADMIN_PASSWORD = "demo-admin-password"


class Stack:
    """`headgate up` and simulators as real processes. `log` holds what the services printed.

    `endpoints` are paths below the simulated Kiro's address, each an endpoint of every account. `beside` are the
    simulators wanted beside Kiro's, by the names of their packages.
    """

    def __init__(
        self,
        *,
        demo: bool = False,
        ports: tuple[int, ...] = (),
        endpoints: tuple[str, ...] = (),
        beside: tuple[str, ...] = (),
        **environ: str,
    ) -> None:
        self._exit = ExitStack()
        self._beside = beside
        self.simulators: dict[str, str] = {}
        self._demo = demo
        self._endpoints = endpoints
        self._environ = environ
        self.ports = ports or free_ports(5)
        self.gateway = f"http://127.0.0.1:{self.ports[0]}"
        self.console = f"http://127.0.0.1:{self.ports[1]}"
        self.seconds_to_ready = 0.0

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    # ---- what tests ask of it

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """A REST call to the control plane with the administrator's password."""
        return call(method, self.console + path, body, {"authorization": f"Bearer {ADMIN_PASSWORD}"})

    def sim(self, method: str, path: str, body: Any = None, *, of: str = "kiro") -> Any:
        """A control call to a simulator."""
        return call(method, f"{self.simulators[of]}/_sim/{path}", body)

    def add_account(self, label: str, **simulated: Any) -> dict[str, Any]:
        """A new account at the simulator and in Headgate; returns both ids as `sim` and `id`."""
        made = self.sim("POST", "accounts", simulated)
        body = {"label": label, "refreshToken": made["refreshToken"]}
        if made.get("clientId"):
            body |= {"authMethod": "idc", "clientId": made["clientId"], "clientSecret": made["clientSecret"]}
        account = self.admin("POST", "/api/accounts", body)
        until(lambda: self.admin("GET", f"/api/accounts/{account['id']}")["hasAccessToken"], 10)
        return {"id": account["id"], "sim": made["id"], "label": label}

    def join(self, kind: str, label: str, *, simulated: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        """A new account of another kind than Kiro, once it can be used; returns its `id`, `label` and, where it has one, `key`.

        `simulated` is what its simulator is told of an account at an API endpoint, `fields` are more members of the body.
        """
        body = {"kind": kind, "label": label, **fields}
        if kind in self.simulators:
            made = self.sim("POST", "accounts", simulated or {}, of=kind)
            body = {"apiKey": made["apiKey"], "baseUrl": made["baseUrl"], **body}
        account = self.admin("POST", "/api/accounts", body)

        def ready() -> bool:
            shown = self.admin("GET", f"/api/accounts/{account['id']}")
            return bool(shown["hasAccessToken"] and shown["offeredModels"])

        until(ready, 10)
        return {"id": account["id"], "label": label, "key": body.get("apiKey")}

    def heal(self, account: dict[str, Any]) -> None:
        """Forget why an account rests."""
        for step in ("disable", "enable"):
            self.admin("POST", f"/api/accounts/{account['id']}/{step}")

    def log(self) -> str:
        return self._log.read_text()

    def alive(self) -> bool:
        """True; raises RuntimeError with the log when the launcher has ended."""
        if self._launcher.poll() is not None:
            raise RuntimeError(f"headgate up ended with {self._launcher.returncode}:\n{self.log()}")
        return True

    def kill(self, service: str) -> None:
        """Kill a service at once, by its name in the log. The launcher starts it anew."""
        os.kill(int(re.findall(rf"{service} started pid=(\d+)", self.log())[-1]), signal.SIGKILL)

    def summarizer_metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[4]}/metrics", timeout=5) as answer:
            return str(answer.read(), "utf-8")

    # ---- processes

    def _start(self) -> None:
        directory = Path(self._exit.enter_context(tempfile.TemporaryDirectory(prefix="headgate-")))
        self._log = directory / "log"
        self.data = directory / "data"
        for name in ("kiro", *self._beside):
            self.simulators[name] = self._simulate(name)
        self.upstream = self.simulators["kiro"]
        began = time.monotonic()
        self._launcher = self._run([sys.executable, "-m", "headgate", "up"], self._settings(directory), self._log)
        until(lambda: self.alive() and answers(f"{self.gateway}/ready"), 30, self.log)
        self.seconds_to_ready = time.monotonic() - began

    def _simulate(self, name: str) -> str:
        command = [sys.executable, "-m", f"tests.simulators.{name}", "--port", "0", *(["--demo"] if self._demo and name == "kiro" else [])]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self._exit.callback(end, process)
        for line in process.stdout or ():
            if found := re.search(r"listening on (http://\S+)", line):
                self._exit.callback(process.stdout.close)  # type: ignore[union-attr]  # it was just read from
                return found.group(1)
        raise RuntimeError(f"the simulator {name} did not start")

    def _run(self, command: list[str], environ: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
        output = self._exit.enter_context(log.open("wb"))
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=output, stderr=output)
        self._exit.callback(end, process)
        return process

    def _settings(self, directory: Path) -> dict[str, str]:
        inherited = {name: text for name, text in os.environ.items() if not name.startswith("HEADGATE_")}
        gateway, console, control, summarizer, summarizer_http = map(str, self.ports)
        return {
            **inherited,
            "PYTHONPATH": str(ROOT),
            "HEADGATE_DATA_DIR": str(self.data),
            "PROXY_API_KEY": PROXY_KEY,
            "ADMIN_PASSWORD": ADMIN_PASSWORD,
            "PORT": gateway,
            "HEADGATE_CONSOLE_PORT": console,
            "HEADGATE_CONTROL_ADDR": f"127.0.0.1:{control}",
            "HEADGATE_SUMMARIZER_ADDR": f"127.0.0.1:{summarizer}",
            "HEADGATE_SUMMARIZER_HTTP_PORT": summarizer_http,
            "HEADGATE_KIRO_API_URL": ",".join(f"{self.upstream}/{each}" for each in self._endpoints) or self.upstream,
            "HEADGATE_KIRO_AUTH_URL": self.upstream,
            "HEADGATE_KIRO_OIDC_URL": self.upstream,
            **({"HEADGATE_KIMI_WEB_URL": self.simulators["kimi_web"]} if "kimi_web" in self.simulators else {}),
            **self._environ,
        }


def call(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    """A JSON call; raises RuntimeError with the answer's text on 4xx and 5xx."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"content-type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            raise RuntimeError(f"{method} {url}: {error.code} {error.read().decode()}") from None
    return json.loads(text) if text else None


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def until(condition: Any, seconds: float, evidence: Any = str) -> None:
    """Wait for a condition; raises TimeoutError with the evidence."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            raise TimeoutError(f"did not happen within {seconds} s\n{evidence()}")
        time.sleep(0.03)


def end(process: subprocess.Popen[Any]) -> None:
    """Stop a process the way an operator does; kill it when it does not."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_ports(count: int) -> tuple[int, ...]:
    held = [socket.socket() for _ in range(count)]
    for each in held:
        each.bind(("127.0.0.1", 0))
    ports = tuple(each.getsockname()[1] for each in held)
    for each in held:
        each.close()
    return ports
