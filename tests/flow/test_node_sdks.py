"""The official Node SDKs, with their stream helpers, which are the strictest readers of all.

They are installed into a directory of this run. Without Node, npm or a registry the test is skipped, but not in CI.
"""

import json
import os
import re
import shutil
import subprocess

import pytest

from tests.flow.matrix.cells import Cell
from tests.flow.matrix.sdks import SDKS
from tests.flow.matrix.upstreams import UPSTREAMS
from tests.stack import PROXY_KEY, ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

NODE = ROOT / "tests/node"
OLDEST = 20
WORDS = "the quick gateway forwards every small piece of an answer, grün or 🌲"
RESULT = "Oslo: sunny, 21 degrees"


def missing(what):
    if os.environ.get("CI") == "true":
        pytest.fail(f"must be there in CI: {what}")
    pytest.skip(what)


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The script in a directory with its packages installed."""
    directory = tmp_path_factory.mktemp("node")
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            missing(f"{tool} is not installed")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(re.findall(r"\d+", version)[0]) < OLDEST:
        missing(f"Node {OLDEST} or newer is needed, not {version.strip()}")
    for name in ("package.json", "sdks.mjs"):
        shutil.copy(NODE / name, directory)
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--cache", str(directory / "cache")]
    try:
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        missing("the packages could not be fetched in time")
    if done.returncode:
        missing(f"the packages could not be fetched: {done.stderr.strip().splitlines()[-1:]}")
    return directory / "sdks.mjs"


@pytest.fixture(scope="module")
def told(every_kind, program):
    """What the script found, by model, dialect and task."""
    every_kind.rested()
    asked = {
        "gateway": every_kind.stack.gateway,
        "key": PROXY_KEY,
        "models": [f"{upstream.kind}/{upstream.model}" for upstream in UPSTREAMS],
        "words": WORDS,
        "result": RESULT,
    }
    done = subprocess.run(["node", str(program)], input=json.dumps(asked), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    for name in every_kind.stack.simulators:
        assert every_kind.stack.sim("GET", "counters", of=name)["rejections"] == {}, name
    return {(each["model"], each["dialect"], each["task"]): each for each in found}


@pytest.mark.parametrize("mode", ["whole", "helper"])
@pytest.mark.parametrize("sdk", SDKS, ids=lambda made: made.name)
@pytest.mark.parametrize("upstream", UPSTREAMS, ids=lambda row: row.kind)
def test_text_and_tools(told, sdk, upstream, mode):
    def answer(task):
        found = told[f"{upstream.kind}/{upstream.model}", sdk.name, f"{task} {mode}"]
        assert "error" not in found, found["error"]
        assert min(found["usage"]) > 0
        assert mode == "whole" or "".join(found["pieces"]) == found["text"]
        return found

    text, call = answer("text"), answer("call")
    assert (text["text"], text["reason"], text["calls"]) == (WORDS, sdk.end, [])
    assert call["text"] == WORDS
    if Cell(None, sdk, upstream, mode).drops("tools"):
        assert (call["calls"], call["reason"]) == ([], sdk.end)
        return
    assert [(each["name"], each["input"]) for each in call["calls"]] == [("get_weather", {"city": "Oslo"})]
    assert call["reason"] == sdk.calls
    result = answer("result")
    assert RESULT in result["text"]
    assert result["reason"] == sdk.end


@pytest.mark.parametrize("sdk", SDKS, ids=lambda made: made.name)
@pytest.mark.parametrize("upstream", UPSTREAMS, ids=lambda row: row.kind)
def test_a_broken_answer_is_never_taken_for_whole(told, sdk, upstream):
    found = told[f"{upstream.kind}/{upstream.model}", sdk.name, "broken helper"]
    assert re.match(r"\w*Error: .+", found["error"])
