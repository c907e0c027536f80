"""The doors that both simulators have: keys, scripted refusals, records, the control calls, the process."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STATUSES = [(400, None), (401, None), (402, None), (403, None), (404, None), (429, None), (500, None), (503, None), (529, None)]


async def control(at, method, name, body=None):
    async with at.client.request(method, f"{at.sim.url}/_sim/{name}", json=body) as answer:
        return answer.status, await answer.json()


async def test_keys(at):
    assert (await at.ask()).status == 200
    assert (await at.ask(key="wrong")).status == 401
    at.sim.revoke(at.account)
    assert (await at.ask()).status == 401
    assert [each.account for each in at.sim.requests] == [at.account.id, "", ""]


@pytest.mark.parametrize(("status", "reason"), STATUSES)
async def test_scripted_refusals_come_as_often_as_asked(at, status, reason):
    at.sim.fail(at.account, status=status, reason=reason, times=2, headers={"retry-after": "7"})
    found = [await at.ask() for _ in range(3)]
    assert [each.status for each in found] == [status, status, 200]
    assert found[0].headers["retry-after"] == "7"
    assert found[0].json["error"]["message"]


@pytest.mark.parametrize("status", [502, 524])
async def test_pages_of_a_load_balancer(at, status):
    at.sim.fail(status=status)
    found = await at.ask()
    assert (found.status, found.headers["content-type"].partition(";")[0], b"<html>" in found.raw) == (status, "text/html", True)


async def test_a_refusal_may_be_for_another_account_or_route(at):
    at.sim.fail(at.sim.account(), status=500)
    at.sim.fail(status=500, on="models")
    assert (await at.ask()).status == 200
    async with at.client.get(f"{at.sim.url}/v1/models", headers=at.headers(at.account.key)) as answer:
        assert answer.status == 500


async def test_a_fault_does_not_hide_an_invalid_body(at):
    at.sim.fail(status=500)
    async with at.client.post(at.url, json={"model": "x"}, headers=at.headers(at.account.key)) as answer:
        assert answer.status == 500
    assert len(at.sim.rejections) == 1


async def test_what_cannot_be_queued_is_said_at_once(at):
    with pytest.raises(ValueError, match="no script nothing"):
        at.sim.script("nothing")
    with pytest.raises(ValueError, match="no wording for 418"):
        at.sim.fail(status=418)
    at.sim.fail(status=418, message="I am a teapot")
    assert (await at.ask()).json["error"]["message"] == "I am a teapot"
    with pytest.raises(KeyError):
        at.sim.script("text", account="account-9")
    with pytest.raises(TypeError):
        at.sim.configure(nothing=1)


async def test_a_directive_asks_for_a_status(at):
    found = await at.ask('[[sim:status {"status": 429, "headers": {"retry-after": "3"}, "message": "slow down"}]]')
    assert (found.status, found.headers["retry-after"], found.json["error"]["message"]) == (429, "3", "slow down")


async def test_records_hold_no_key(at):
    await at.ask("secret words")
    _, found = await control(at, "GET", f"requests?account={at.account.id}&route=chat")
    record = found["requests"][0]
    assert json.loads(record["raw"]) == record["body"] == at.body("secret words", stream=True, tools=False)
    assert (record["status"], record["finished"], record["aborted"], record["script"]) == (200, True, False, "text")
    assert at.account.key not in json.dumps(found)
    assert at.account.id in (record["headers"].get("authorization"), record["headers"].get("x-api-key"))


async def test_rejections_say_why(at):
    async with at.client.post(at.url, data=b"{", headers={**at.headers(at.account.key), "content-type": "application/json"}) as answer:
        assert answer.status == 400
    _, found = await control(at, "GET", "rejections")
    assert [(each["rule"], each["raw"], each["account"]) for each in found["rejections"]] == [("json", "{", at.account.id)]
    assert found["rejections"][0]["answer"]["error"]["message"]
    assert (await control(at, "GET", "counters"))[1]["rejections"] == {"json": 1}


async def test_control_calls(at):
    _, made = await control(at, "POST", "accounts", {})
    assert set(made) == {"id", "vendor", "apiKey", "baseUrl", "models"}
    assert (await at.ask(key=made["apiKey"])).status == 200
    assert (await control(at, "POST", "script", {"script": "text", "options": {"text": "queued"}, "account": made["id"]}))[0] == 200
    assert at.words(await at.ask(key=made["apiKey"])) == "queued"
    assert (await control(at, "POST", "fail", {"status": 429, "account": made["id"]}))[0] == 200
    assert (await at.ask(key=made["apiKey"])).status == 429
    assert (await control(at, "POST", "settings", {"cache_minimum": 5}))[1]["cache_minimum"] == 5
    assert (await control(at, "POST", "revoke", {"account": made["id"]}))[0] == 200
    assert (await at.ask(key=made["apiKey"])).status == 401
    assert (await control(at, "GET", "counters"))[1]["calls"] == {f"{made['id']}/chat": 3}
    assert (await control(at, "POST", "reset"))[0] == 200
    assert (await control(at, "GET", "requests"))[1] == {"requests": []}
    assert (await control(at, "GET", "state"))[1]["in_flight"] == 0


@pytest.mark.parametrize("body", [{"script": "nothing"}, {}, {"script": "text", "strange": 1}])
async def test_wrong_control_calls_are_told(at, body):
    status, found = await control(at, "POST", "script", body)
    assert (status, bool(found["error"])) == (400, True)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["openai", "--vendor", "kimi"], ["anthropic"]])
async def test_as_a_process(arguments):
    module, *rest = arguments
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"tests.simulators.{module}", "--port", "0", "--demo", *rest, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    key, ready = [(await process.stdout.readline()).decode() for _ in range(2)]
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 20) == 0
    assert key.startswith("key sk-")
    assert ready.startswith("listening on http://127.0.0.1:")
