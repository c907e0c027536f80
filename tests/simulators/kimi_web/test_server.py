"""The simulator's doors: the page, posts and what is refused of them, scripts, control calls, the process."""

import asyncio
import json
import re
import signal
import sys
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest

from tests.simulators.kimi_web import KimiSimulator
from tests.simulators.kimi_web.faults import BODIES, DENIALS
from tests.simulators.kimi_web.pages import PAGES
from tests.simulators.kimi_web.scripts import SCRIPTS

ROOT = Path(__file__).parents[3]
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}
FORM = {**BROWSER, "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
GOOD = {
    "action": "kimi_send_message",
    "message": "Hello",
    "model": "moonshotai/Kimi-K2-Instruct",
    "session_id": "session_1750000000000_abc123xyz",
}


async def visit(client, sim, headers=BROWSER):
    async with client.get(f"{sim.url}/chat/", headers=headers) as answer:
        return answer.status, await answer.text()


async def post(client, sim, headers=FORM, path="/wp-admin/admin-ajax.php", **fields):
    data = urlencode({"nonce": sim.nonce, **GOOD, **fields}).encode()
    async with client.post(sim.url + path, data=data, headers=headers) as answer:
        return answer.status, await answer.text()


async def test_the_page_shows_the_nonce_that_posts_need(client, sim):
    status, text = await visit(client, sim)
    nonce = re.search(r'kimi_ajax = \{.*"nonce": "(\w+)"', text)[1]
    assert (status, nonce) == (200, sim.nonce)
    assert json.loads((await post(client, sim))[1]) == {"success": True, "data": {"message": "You said: Hello"}}
    assert sim.rejections == []


async def test_messages_go_where_the_page_says(client, sim):
    assert (await post(client, sim, path="/ajax/"))[0] == 404
    sim.configure(page="moved")
    assert f'"ajax_url": "{sim.url}/ajax/"' in (await visit(client, sim))[1]
    assert (await post(client, sim, path="/ajax/"))[0] == 200
    assert (await post(client, sim))[0] == 404
    assert sim.counters()["rejections"] == {"path": 2}


async def test_the_nonce_stays_until_it_is_rotated_or_expires(client):
    now = [0.0]
    async with KimiSimulator(clock=lambda: now[0], nonce_life=100.0) as sim:
        first = sim.nonce
        assert sim.nonce == first
        sim.rotate(expire=False)
        assert (await post(client, sim, nonce=first))[0] == 200
        now[0] = 101.0
        assert (await post(client, sim, nonce=first))[1] == "-1"
        assert sim.nonce != first


async def test_each_visit_may_bring_a_nonce_of_its_own(client, sim):
    sim.configure(per_visit=True)
    assert len({(await visit(client, sim))[1] for _ in range(3)}) == 3


@pytest.mark.parametrize("denial", DENIALS)
async def test_bad_nonces(client, sim, denial):
    sim.configure(denial=denial)
    old = sim.nonce
    sim.rotate()
    assert await post(client, sim, nonce=old) == DENIALS[denial]
    assert await post(client, sim, nonce="0123456789") == DENIALS[denial]
    assert [request.fields["nonce"] for request in sim.requests] == ["dead", "unknown"]
    assert sim.counters()["rejections"] == {"nonce": 2}


@pytest.mark.parametrize(
    ("rule", "fields", "headers"),
    [
        ("user-agent", {}, {**FORM, "User-Agent": "python"}),
        ("content-type", {}, {**FORM, "Content-Type": "application/json"}),
        ("content-type", {}, {**FORM, "Content-Type": "application/x-www-form-urlencoded"}),
        ("fields", {"extra": "1"}, FORM),
        ("action", {"action": "other"}, FORM),
        ("message", {"message": " "}, FORM),
        ("model", {"model": "kimi-k2-instruct"}, FORM),
        ("session", {"session_id": "session_1_abc"}, FORM),
        ("session", {"session_id": "session_1750000000000_ABC123XYZ"}, FORM),
        ("length", {"message": "x" * 51}, FORM),
    ],
)
async def test_what_is_refused(client, sim, rule, fields, headers):
    sim.configure(most_characters=50)
    status, text = await post(client, sim, headers, **fields)
    assert status >= 400 or '"success":false' in text
    assert sim.rejections == [rule]
    assert (sim.requests[0].rule, sim.requests[0].finished) == (rule, True)


async def test_a_visitor_that_is_no_browser_sees_no_nonce(client, sim):
    status, text = await visit(client, sim, {"User-Agent": "curl/8"})
    assert status == 403
    assert sim.nonce not in text


@pytest.mark.parametrize("status", BODIES)
async def test_faults_of_every_known_status(client, sim, status):
    sim.fail(status=status, headers={"Retry-After": "2"})
    sim.fail(status=status, on="page")
    assert await post(client, sim) == (status, BODIES[status])
    assert (await visit(client, sim))[0] == status
    assert (await post(client, sim))[0] == (await visit(client, sim))[0] == 200


async def test_a_fault_does_not_hide_a_bad_post(client, sim):
    sim.fail(status=500)
    assert (await post(client, sim, model="x"))[0] == 500
    assert sim.rejections == ["model"]


@pytest.mark.parametrize("script", sorted(SCRIPTS.keys() - {"stall", "lingering", "endless", "drop", "reset"}))
async def test_every_script_comes_to_an_end(client, sim, script):
    sim.script(script)
    status, _ = await post(client, sim)
    assert (status, sim.requests[0].script, sim.requests[0].finished) == (200, script, True)


@pytest.mark.parametrize("script", ["drop", "reset"])
async def test_broken_connections(client, sim, script):
    sim.script(script)
    with pytest.raises(aiohttp.ClientError):
        await post(client, sim)
    assert not sim.requests[0].finished


async def test_directives_of_the_last_turn(client, sim):
    _, text = await post(client, sim, message='User: [[sim:empty]]\n\nModel: no\n\nUser: Now [[sim:failure {"data": "x"}]]')
    assert json.loads(text) == {"success": False, "data": "x"}
    _, text = await post(client, sim, message="User: a\n\nUser: [[say:Good day.]]")
    assert json.loads(text)["data"]["message"] == "Good day."


@pytest.mark.parametrize("message", ["[[sim:nothing]]", "[[sim:text {]]"])
async def test_a_directive_that_cannot_be_followed(client, sim, message):
    assert (await post(client, sim, message=message))[0] == 400
    assert sim.rejections == ["SIM"]


async def test_the_echo_is_the_whole_message(client, sim):
    sim.configure(echo=True)
    _, text = await post(client, sim, message="System.\n\nUser: a é\n\nUser: b")
    assert json.loads(text)["data"]["message"] == "System.\n\nUser: a é\n\nUser: b"


@pytest.mark.parametrize("script", ["stall", "endless", "lingering"])
async def test_a_client_that_leaves_is_noticed(client, sim, script):
    sim.script(script)
    task = asyncio.create_task(post(client, sim))
    await sim.until(lambda: sim.counters()["live"] == 1 and sim.requests[0].bytes_sent > 0)
    task.cancel()
    await sim.until(lambda: sim.requests[0].aborted)
    assert (sim.counters()["live"], sim.counters()["aborted"]) == (0, 1)


def test_what_does_not_exist_can_not_be_asked_for():
    sim = KimiSimulator()
    for wrong in (
        lambda: sim.script("nothing"),
        lambda: sim.fail(status=418),
        lambda: sim.configure(page="x"),
        lambda: sim.configure(denial="x"),
    ):
        with pytest.raises(ValueError):
            wrong()
    with pytest.raises(TypeError):
        sim.configure(nothing=1)


# The control calls.


async def control(client, sim, name, body):
    async with client.post(f"{sim.url}/_sim/{name}", json=body) as answer:
        return answer.status, await answer.json()


async def test_everything_can_be_done_from_another_process(client, sim):
    old = sim.nonce
    assert (await control(client, sim, "settings", {"page": "none", "echo": True}))[1]["page"] == "none"
    assert await control(client, sim, "rotate", {}) == (200, {})
    assert old != sim.nonce
    assert (await control(client, sim, "script", {"script": "failure", "options": {"data": "no"}}))[0] == 200
    assert (await control(client, sim, "fail", {"status": 429, "headers": {"Retry-After": "1"}}))[0] == 200
    assert [(await post(client, sim))[0] for _ in range(2)] == [429, 200]
    async with client.get(f"{sim.url}/_sim/requests") as answer:
        assert [one["status"] for one in (await answer.json())["requests"]] == [429, 200]
    async with client.get(f"{sim.url}/_sim/counters") as answer:
        assert (await answer.json())["posts"] == 2
    assert (await control(client, sim, "reset", {}))[0] == 200
    assert (sim.counters()["posts"], list(sim.requests), sim.settings.echo) == (0, [], True)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("script", {"script": "nothing"}),
        ("script", {}),
        ("fail", {"status": 418}),
        ("settings", {"nothing": 1}),
        ("settings", {"page": "x"}),
    ],
)
async def test_control_calls_that_make_no_sense(client, sim, name, body):
    status, answer = await control(client, sim, name, body)
    assert (status, list(answer)) == (400, ["error"])


async def test_every_page_can_be_shown(client, sim):
    for page in PAGES:
        sim.configure(page=page)
        assert (await visit(client, sim))[0] == 200


@pytest.mark.slow
async def test_it_runs_as_a_process(client):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.simulators.kimi_web", cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        url = line.removeprefix("listening on ").strip()
        async with client.get(f"{url}/_sim/counters") as answer:
            assert (await answer.json())["visits"] == 0
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
