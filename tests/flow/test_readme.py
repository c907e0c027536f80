"""What the README prints works as printed, but for the address and the secrets of this run."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from tests.stack import ADMIN_PASSWORD, PROXY_KEY, ROOT

pytestmark = pytest.mark.slow

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
PYTHON = [text for kind, text in BLOCKS if kind == "python"]
CURL = [text for kind, text in BLOCKS if not kind and text.startswith("curl")]


def here(text, stack):
    return text.replace("http://127.0.0.1:8000", stack.gateway).replace("http://127.0.0.1:8001", stack.console)


@pytest.mark.parametrize("example", PYTHON, ids=lambda text: text.split()[1])
def test_the_sdk_examples(stack, example):
    program = f"PROXY_API_KEY = {PROXY_KEY!r}\n" + here(example, stack)
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) > 3


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("example", CURL, ids=lambda text: text.split()[1])
def test_the_curl_examples(stack, example):
    token = stack.sim("POST", "accounts", {})["refreshToken"]
    command = here(example, stack).replace("aorAAAAA...", token).replace("curl ", "curl --silent --show-error --fail-with-body ", 1)
    environ = {"PROXY_API_KEY": PROXY_KEY, "ADMIN_PASSWORD": ADMIN_PASSWORD, "PATH": "/usr/local/bin:/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=30, check=False, env=environ)
    assert done.returncode == 0, done.stdout + done.stderr
    if "/v1/messages" in example:
        assert "event: message_stop" in done.stdout
    else:
        stack.admin("DELETE", f"/api/accounts/{json.loads(done.stdout)['id']}")


def test_there_is_something_to_try():
    assert len(PYTHON) == 2
    assert len(CURL) == 2
