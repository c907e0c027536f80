"""The control plane as a process."""

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


@pytest.fixture
def start(tmp_path, free_ports):
    """Start it with settings over the plainest ones."""
    console, control = free_ports(2)
    plain = {
        "HEADGATE_DATA_DIR": f"{tmp_path}/data",
        "HEADGATE_CONSOLE_PORT": f"{console}",
        "HEADGATE_CONTROL_ADDR": f"127.0.0.1:{control}",
    }
    inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    started = []

    def begin(*arguments, **environ):
        command = [sys.executable, "-m", "controlplane", *arguments]
        environment = {**inherited, "PYTHONPATH": str(ROOT), **plain, **environ}
        process = subprocess.Popen(command, env=environment, cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.console = f"http://127.0.0.1:{environment['HEADGATE_CONSOLE_PORT']}"
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ready(process):
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(process.console + "/ready", timeout=2) as reply:
                return reply.status == 200
        except OSError:
            time.sleep(0.05)
    return False


def stop(process):
    process.send_signal(signal.SIGTERM)
    out, log = process.communicate(timeout=20)
    return process.returncode, out, log


def test_the_first_start_makes_what_is_missing_and_tells_secrets_once(start, tmp_path):
    first = start()
    assert ready(first), first.communicate()
    status, out, log = stop(first)
    assert status == 0, log
    assert out.count("PROXY_API_KEY") == out.count("ADMIN_PASSWORD") == 1
    secrets = [line.strip() for line in out.splitlines() if line.startswith("      ")]
    assert len(secrets) == 2
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [tmp_path / "data", *(tmp_path / "data").iterdir()]}
    assert (files["data"], files["secret.key"], files["headgate.db"]) == (0o700, 0o600, 0o600)
    for path in (tmp_path / "data").iterdir():
        assert not any(secret.encode() in path.read_bytes() for secret in secrets)
    assert not any(secret in log for secret in secrets)
    key = (tmp_path / "data/secret.key").read_bytes()

    second = start()
    assert ready(second), second.communicate()
    status, out, _ = stop(second)
    assert (status, out) == (0, "")
    assert (tmp_path / "data/secret.key").read_bytes() == key

    (tmp_path / "data/secret.key").rename(tmp_path / "kept")
    third = start()
    log = third.communicate(timeout=20)[1]
    assert third.returncode == 3
    assert "key file" in log
    assert "missing" in log
    assert not (tmp_path / "data/secret.key").exists()
    (tmp_path / "data/secret.key").write_bytes(b"x" * 32)
    fourth = start()
    assert "not the one" in fourth.communicate(timeout=20)[1]
    assert fourth.returncode == 3


def test_migrate_only_migrates(start, tmp_path):
    done = start("migrate")
    out, log = done.communicate(timeout=20)
    assert (done.returncode, out) == (0, ""), log
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["headgate.db"]


def test_busy_ports_are_told(start):
    first = start()
    assert ready(first), first.communicate()
    for second, where in ((start(), first.console), (start(HEADGATE_CONSOLE_PORT="1"), "")):
        log = second.communicate(timeout=20)[1]
        assert second.returncode == 1
        assert f"cannot listen on {where.removeprefix('http://')}" in log
    assert stop(first)[0] == 0


@pytest.mark.parametrize(
    ("environ", "status", "told"),
    [
        ({"HEADGATE_CONSOLE_PORT": "x", "LOG_LEVEL": "loud"}, 2, ["HEADGATE_CONSOLE_PORT", "LOG_LEVEL"]),
        ({"HEADGATE_HOST": "0.0.0.0"}, 2, ["HEADGATE_RPC_TOKEN"]),
        ({"HEADGATE_HOST": "0.0.0.0", "HEADGATE_RPC_TOKEN": "t", "ADMIN_PASSWORD": "admin"}, 1, ["ADMIN_PASSWORD"]),
        ({"HEADGATE_DATABASE_URL": "mysql://root:hush@x/y"}, 2, ["HEADGATE_DATABASE_URL"]),
        ({"HEADGATE_DATABASE_URL": "postgresql+asyncpg://x:hush@127.0.0.1:1/y"}, 1, ["cannot be reached"]),
        (
            {"HEADGATE_DATABASE_URL": "sqlite+aiosqlite:////proc/none/x.db"},
            3,
            ["the database cannot be used: unable to open database file"],
        ),
        ({"HEADGATE_DATABASE_URL": "sqlite:////etc/hostname"}, 3, ["the database cannot be used: file is not a database"]),
        ({"HEADGATE_DATA_DIR": "/proc/none"}, 3, ["/proc/none"]),
    ],
)
def test_what_cannot_be_started_says_why(start, environ, status, told):
    process = start(**environ)
    out, log = process.communicate(timeout=20)
    assert process.returncode == status, log
    assert all(part in log for part in told), log
    assert "Traceback" not in log
    assert "hush" not in out + log


def test_an_unknown_command(start):
    process = start("dance")
    assert "usage" in process.communicate(timeout=20)[1]
    assert process.returncode == 2


def test_who_listens_to_events_does_not_hold_up_the_end(start):
    process = start(ADMIN_PASSWORD="password-of-the-tests")
    assert ready(process), process.communicate()
    request = urllib.request.Request(f"{process.console}/api/events", headers={"authorization": "Bearer password-of-the-tests"})
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(urllib.request.urlopen(request, timeout=10)) for _ in range(3)]
        assert [stream.read(3) for stream in streams] == [b":\n\n"] * 3
        began = time.monotonic()
        status, _, log = stop(process)
        assert time.monotonic() - began < 4, "it would be given five seconds"
        assert status == 0, log
        assert [stream.read() for stream in streams] == [b""] * 3
    assert "Traceback" not in log


def signed_in(process, password):
    body = json.dumps({"password": password}).encode()
    request = urllib.request.Request(f"{process.console}/api/session", body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_forgotten_password(start):
    first = start()
    assert ready(first), first.communicate()
    old = [line.strip() for line in stop(first)[1].splitlines() if line.startswith("      ")][1]
    reset = start("reset-password")
    out, log = reset.communicate(timeout=20)
    assert reset.returncode == 0, log
    (new,) = [line.strip() for line in out.splitlines() if line.startswith("      ")]
    assert new not in log
    second = start()
    assert ready(second), second.communicate()
    assert [signed_in(second, password) for password in (old, new)] == [401, 201]
    status, out, log = stop(second)
    assert (status, out) == (0, "")
    assert new not in log


def test_a_password_of_the_environment_is_not_reset(start):
    reset = start("reset-password", ADMIN_PASSWORD="password-of-the-tests")
    out, log = reset.communicate(timeout=20)
    assert (reset.returncode, out) == (0, ""), log
    assert "can sign in again with ADMIN_PASSWORD" in log
    assert "password-of-the-tests" not in log
