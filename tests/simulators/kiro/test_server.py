"""The simulator's doors: tokens, scripted refusals, aborts, the calls beside chat, the control calls, the process."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

from tests.simulators.kiro import KiroSimulator
from tests.simulators.kiro.asks import ask, bearer, chat, words

INVALID_BEARER = "The bearer token included in the request is invalid."
START = "https://view.awsapps.com/start"
ROOT = Path(__file__).parents[3]
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
REGISTRATION = {
    "clientName": "Headgate",
    "clientType": "public",
    "scopes": ["codewhisperer:conversations"],
    "grantTypes": [DEVICE_GRANT, "refresh_token"],
    "issuerUrl": "https://view.awsapps.com/start",
}


async def post(client, url, body, **headers):
    async with client.post(url, json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def get(client, url, account, **query):
    async with client.get(url, params=query, headers=bearer(account)) as answer:
        return answer.status, await answer.json()


async def refresh(client, sim, token):
    return await post(client, f"{sim.url}/refreshToken", {"refreshToken": token})


# Tokens.


async def test_social_refresh_with_rotation(client, sim):
    account = sim.account(rotates=True)
    first = account.refresh_token
    assert first.startswith("aorAAAAA")
    assert len(first) >= 100
    status, body = await refresh(client, sim, first)
    assert status == 200
    assert body["refreshToken"] not in ("", first)
    assert (body["expiresIn"], body["profileArn"], body["accessToken"]) == (3600, account.profile_arn, account.access_token)
    assert (await ask(client, sim, account))[0] == 200
    assert await refresh(client, sim, first) == (400, {"message": "Invalid refresh token provided"})
    assert (await refresh(client, sim, body["refreshToken"]))[0] == 200
    assert sim.counters()["refreshesByToken"] == {first: 2, body["refreshToken"]: 1}
    assert sim.counters()["refreshes"] == {account.id: 2, "": 1}


async def test_without_rotation_the_token_stays(client, sim):
    token = sim.account().refresh_token
    assert [(await refresh(client, sim, token))[1]["refreshToken"] for _ in range(2)] == [token, token]


@pytest.mark.parametrize("status", [401, 403, 429, 500])
async def test_scripted_refresh_failures(client, sim, status):
    account = sim.account()
    sim.fail(account, status=status, on="refresh")
    assert (await refresh(client, sim, account.refresh_token))[0] == status
    assert (await refresh(client, sim, account.refresh_token))[0] == 200


async def test_a_slow_refresh_shows_a_stampede(client, sim):
    sim.configure(refresh_delay=0.05)
    account = sim.account(rotates=True)
    token = account.refresh_token
    answers = await asyncio.gather(*(refresh(client, sim, token) for _ in range(3)))
    assert sorted(status for status, _ in answers) == [200, 400, 400]
    assert sim.counters()["refreshes"] == {account.id: 3}


async def test_oidc_refresh_checks_everything(client, sim):
    account = sim.account(method="idc", rotates=True)
    good = {
        "clientId": account.client_id,
        "clientSecret": account.client_secret,
        "refreshToken": account.refresh_token,
        "grantType": "refresh_token",
    }

    async def refused(**changes):
        status, body = await post(client, f"{sim.url}/token", {**good, **changes})
        return status, body["error"]

    assert await refused(clientSecret="x") == (401, "invalid_client")
    assert await refused(refreshToken="x") == (400, "invalid_grant")
    assert await refused(refreshToken=None) == (400, "invalid_request")
    assert await refused(grantType="password") == (400, "unsupported_grant_type")
    assert (await post(client, f"{sim.url}/token", {"grant_type": "refresh_token"}))[1]["error"] == "invalid_request"
    async with client.post(f"{sim.url}/token", data=good) as form:
        assert form.status == 400
    assert (await refresh(client, sim, account.refresh_token))[0] == 401
    status, body = await post(client, f"{sim.url}/token", good)
    assert (status, body["tokenType"], body["accessToken"]) == (200, "Bearer", account.access_token)
    assert "profileArn" not in body
    assert await refused() == (400, "invalid_grant")


async def test_device_sign_in(client):
    now = 1000.0
    async with KiroSimulator(clock=lambda: now) as sim:
        _, registered = await post(client, f"{sim.url}/client/register", REGISTRATION)
        login = {"clientId": registered["clientId"], "clientSecret": registered["clientSecret"]}
        _, device = await post(client, f"{sim.url}/device_authorization", {**login, "startUrl": START})
        poll = {**login, "deviceCode": device["deviceCode"], "grantType": DEVICE_GRANT}
        assert (await post(client, f"{sim.url}/token", poll))[1]["error"] == "authorization_pending"
        assert (await post(client, f"{sim.url}/token", poll))[1]["error"] == "slow_down"
        async with client.get(device["verificationUriComplete"]) as page:
            assert page.status == 200
        now += 1
        assert (await post(client, f"{sim.url}/token", poll))[1]["error"] == "slow_down", "the pause has grown"
        now += 11
        status, tokens = await post(client, f"{sim.url}/token", poll)
        assert status == 200
        assert (await post(client, f"{sim.url}/token", poll))[1]["error"] == "expired_token"
        renewal = {**login, "refreshToken": tokens["refreshToken"], "grantType": "refresh_token"}
        assert (await post(client, f"{sim.url}/token", renewal))[0] == 200


@pytest.mark.parametrize("left_out", ["clientName", "clientType", "scopes", "grantTypes", "issuerUrl"])
async def test_a_registration_must_be_whole(client, sim, left_out):
    body = {name: value for name, value in REGISTRATION.items() if name != left_out}
    assert (await post(client, f"{sim.url}/client/register", body))[0] == 400


async def test_a_device_sign_in_that_nobody_ends(client, sim):
    _, registered = await post(client, f"{sim.url}/client/register", REGISTRATION)
    login = {"clientId": registered["clientId"], "clientSecret": registered["clientSecret"]}
    _, device = await post(client, f"{sim.url}/device_authorization", {**login, "startUrl": START})
    assert (await post(client, f"{sim.url}/_sim/approve", {"userCode": device["userCode"], "expired": True}))[0] == 200
    poll = {**login, "deviceCode": device["deviceCode"], "grantType": DEVICE_GRANT}
    assert (await post(client, f"{sim.url}/token", poll))[1]["error"] == "expired_token"


async def test_device_sign_in_refused(client, sim):
    assert (await post(client, f"{sim.url}/device_authorization", {"clientId": "x", "startUrl": START}))[0] == 401
    _, registered = await post(client, f"{sim.url}/client/register", REGISTRATION)
    login = {"clientId": registered["clientId"], "clientSecret": registered["clientSecret"]}
    _, device = await post(client, f"{sim.url}/device_authorization", {**login, "startUrl": START})
    sim.approve(device["userCode"], denied=True)
    poll = {**login, "deviceCode": device["deviceCode"], "grantType": DEVICE_GRANT}
    assert (await post(client, f"{sim.url}/token", poll))[1]["error"] == "access_denied"
    async with client.get(f"{sim.url}/device?user_code=nobody") as page:
        assert page.status == 404


# Chat.


async def test_the_bearer_must_be_live(client):
    now = 1000.0
    async with KiroSimulator(clock=lambda: now) as sim:
        account = sim.account(token_life=60)
        assert (await ask(client, sim, account))[0] == 200
        now = 1060.0
        status, body = await ask(client, sim, account)
        assert (status, body["message"], body["reason"]) == (403, INVALID_BEARER, None)
        await refresh(client, sim, account.refresh_token)
        assert (await ask(client, sim, account))[0] == 200
        sim.expire(account)
        assert (await ask(client, sim, account))[0] == 403
        sim.expire(account, refresh=True)
        assert (await refresh(client, sim, account.refresh_token))[0] == 400


async def test_an_api_key_must_say_so(client, sim):
    account = sim.account(method="api-key")
    body = chat(account)
    del body["profileArn"]
    url = f"{sim.url}/generateAssistantResponse"
    assert (await post(client, url, body, **bearer(account)))[0] == 403
    async with client.post(url, json=body, headers={**bearer(account), "TokenType": "API_KEY"}) as answer:
        assert answer.status == 200


async def test_refused_bodies_are_recorded_with_their_rule(client, sim):
    account = sim.account()
    status, body = await ask(client, sim, account, " ")
    assert (status, body) == (400, {"message": "Improperly formed request.", "reason": "REQUEST_BODY_INVALID"})
    assert [rejection.rule for rejection in sim.rejections] == ["C01"]
    assert (sim.requests[-1].rule, sim.requests[-1].status, sim.requests[-1].finished) == ("C01", 400, True)
    async with client.post(f"{sim.url}/generateAssistantResponse", data=b"{}", headers=bearer(account)) as answer:
        assert answer.status == 400
    assert sim.rejections[-1].rule == "content-type"


async def test_profiles_of_the_service_differ(client):
    async with KiroSimulator(profile="legacy") as sim:
        account = sim.account()
        status, body = await ask(client, sim, account, " ")
        assert (status, body["reason"]) == (400, None)
        body = chat(account)
        del body["profileArn"]
        async with client.post(f"{sim.url}/generateAssistantResponse", json=body, headers=bearer(account)) as answer:
            assert answer.status == 200


async def test_models_depend_on_the_plan(client, sim):
    assert (await ask(client, sim, sim.account(plan="free"), model="claude-opus-4.6"))[1]["reason"] == "INVALID_MODEL_ID"
    assert (await ask(client, sim, sim.account(models=["glm-5"]), model="glm-5"))[0] == 200


async def test_scripted_failures_by_account(client, sim):
    one, two = sim.account(), sim.account()
    sim.fail(one, status=429, reason="INSUFFICIENT_MODEL_CAPACITY", times=2, headers={"Retry-After": "3"})
    async with client.post(f"{sim.url}/generateAssistantResponse", json=chat(one), headers=bearer(one)) as answer:
        assert (answer.status, answer.headers["Retry-After"], answer.headers["x-amzn-errortype"]) == (429, "3", "ThrottlingException")
        assert (await answer.json())["reason"] == "INSUFFICIENT_MODEL_CAPACITY"
    assert [(await ask(client, sim, account))[0] for account in (two, one, one)] == [200, 429, 200]
    sim.fail(status=502)
    async with client.post(f"{sim.url}/generateAssistantResponse", json=chat(two), headers=bearer(two)) as answer:
        assert (answer.status, answer.content_type) == (502, "text/html")
    assert sim.counters()["calls"] == {"account-1/chat": 3, "account-2/chat": 2}
    with pytest.raises(ValueError, match="message"):
        sim.fail(status=418)


async def test_endpoints_fail_one_by_one(client, sim):
    account = sim.account()
    sim.fail(account, status=429, endpoint="ep1")

    async def at(endpoint):
        async with client.post(f"{sim.url}/{endpoint}/generateAssistantResponse", json=chat(account), headers=bearer(account)) as answer:
            return answer.status

    assert [await at(endpoint) for endpoint in ("ep2", "ep1", "ep1")] == [200, 429, 200]
    assert [record.endpoint for record in sim.requests] == ["ep2", "ep1", "ep1"]


async def test_a_picky_service_judges_schemas_like_the_legacy_one(client):
    odd = {"toolSpecification": {"name": "f", "description": "d", "inputSchema": {"json": {"type": "object", "$schema": "s"}}}}
    async with KiroSimulator(picky=True) as sim:
        account = sim.account()
        body = chat(account)
        body["conversationState"]["currentMessage"]["userInputMessage"]["userInputMessageContext"] = {"tools": [odd]}
        assert (await post(client, f"{sim.url}/generateAssistantResponse", body, **bearer(account)))[0] == 400
        assert [rejection.rule for rejection in sim.rejections] == ["S08"]


async def test_a_fault_does_not_hide_an_invalid_body(client, sim):
    account = sim.account()
    sim.fail(account, status=429)
    assert (await ask(client, sim, account, " "))[0] == 429
    assert [rejection.rule for rejection in sim.rejections] == ["C01"]


async def test_queued_scripts_are_taken_in_order_and_by_account(client, sim):
    one, two = sim.account(), sim.account()
    sim.script("text", {"text": "first"}, account=two)
    sim.script("text", {"text": "second"}, times=2)
    said = [words((await ask(client, sim, account))[1]) for account in (one, two, two)]
    assert said == ["second", "first", "second"]


@pytest.mark.parametrize("pause", [0, 30])
async def test_a_client_that_leaves_is_noticed(client, sim, pause):
    account = sim.account()
    sim.script("endless", {"pause": pause})
    answer = await client.post(f"{sim.url}/generateAssistantResponse", json=chat(account), headers=bearer(account))
    await answer.content.readany()
    assert sim.counters()["live"] == 1
    answer.close()
    await sim.until(lambda: sim.requests[-1].aborted)
    assert not sim.requests[-1].finished
    assert (sim.counters()["live"], sim.counters()["aborted"]) == (0, 1)


async def test_a_client_that_does_not_read_stops_the_stream(client, sim):
    account = sim.account()
    sim.script("endless", {"pause": 0, "repeat": 5000})
    answer = await client.post(f"{sim.url}/generateAssistantResponse", json=chat(account), headers=bearer(account))
    before = -1
    while before != sim.requests[-1].bytes_sent:  # until the sockets between us are full
        before = sim.requests[-1].bytes_sent
        await asyncio.sleep(0.05)
    assert sim.counters()["live"] == 1
    answer.close()
    await sim.until(lambda: sim.counters()["live"] == 0)


# The calls beside chat.


async def test_models_come_in_pages(client, sim):
    sim.configure(page_size=10)
    account = sim.account()
    found, token = [], ""
    while token is not None:
        page = {"origin": "AI_EDITOR", "profileArn": account.profile_arn, **({"nextToken": token} if token else {})}
        _, body = await get(client, f"{sim.url}/ListAvailableModels", account, **page)
        assert len(body["models"]) <= 10
        found += body["models"]
        token = body["nextToken"]
    rows = {row["modelId"]: row for row in found}
    assert list(rows) == list(account.models)
    assert "additionalModelRequestFieldsSchema" not in rows["claude-haiku-4.5"]
    assert rows["claude-opus-4.6"]["additionalModelRequestFieldsSchema"]["additionalProperties"] is False
    assert rows["claude-opus-4.6"]["tokenLimits"] == {"maxInputTokens": 1_000_000, "maxOutputTokens": 64_000}
    assert rows["glm-5"]["supportedInputTypes"] == ["TEXT"]
    assert (await get(client, f"{sim.url}/ListAvailableModels", account, profileArn=account.profile_arn))[0] == 400
    for mistake in ({"nextToken": "!"}, {"maxResults": "-1"}):
        query = {"origin": "CLI", "profileArn": account.profile_arn, **mistake}
        assert (await get(client, f"{sim.url}/ListAvailableModels", account, **query))[0] == 400


async def test_usage(client, sim):
    account = sim.account(plan="free", used=1.5, limit=50)
    query = {"origin": "AI_EDITOR", "isEmailRequired": "true", "profileArn": account.profile_arn}
    status, body = await get(client, f"{sim.url}/getUsageLimits", account, **query)
    (amount,) = body["usageBreakdownList"]
    assert status == 200
    assert (amount["currentUsage"], amount["currentUsageWithPrecision"], amount["usageLimitWithPrecision"]) == (1, 1.5, 50)
    assert body["subscriptionInfo"]["subscriptionTitle"] == "KIRO FREE"
    assert body["userInfo"]["email"] == "account-1@example.com"
    assert 0 <= body["daysUntilReset"] <= 30
    assert (await get(client, f"{sim.url}/getUsageLimits", account))[1]["message"] == "profileArn is required for this request."
    assert sim.rejections[-1].rule == "E04"
    sim.expire(account)
    assert (await get(client, f"{sim.url}/getUsageLimits", account, **query))[0] == 403


@pytest.mark.parametrize(("spelling", "camel", "dashed"), [("camel", 200, 404), ("dashed", 404, 200), ("both", 200, 200)])
async def test_paths_can_be_spelled_two_ways(client, spelling, camel, dashed):
    async with KiroSimulator(spelling=spelling, arn_required=False) as sim:
        account = sim.account(method="idc")
        assert (await get(client, f"{sim.url}/ListAvailableModels", account, origin="CLI"))[0] == camel
        assert (await get(client, f"{sim.url}/List-Available-Models", account, origin="CLI"))[0] == dashed
        assert (await get(client, f"{sim.url}/Get-Usage-Limits", account))[0] == dashed
        assert (await post(client, f"{sim.url}/ListAvailableProfiles", {}, **bearer(account)))[0] == camel
        assert (await post(client, f"{sim.url}/List-Available-Profiles", {}, **bearer(account)))[0] == dashed


async def test_only_organisations_have_profiles(client, sim):
    account = sim.account(method="idc")
    _, body = await post(client, f"{sim.url}/ListAvailableProfiles", {}, **bearer(account))
    assert body["profiles"][0]["arn"] == account.profile_arn
    builder = sim.account(method="builder-id")
    status, body = await post(client, f"{sim.url}/ListAvailableProfiles", {}, **bearer(builder))
    assert (status, body["message"]) == (403, "AWS Builder ID is not supported for this operation.")


async def test_web_search(client, sim):
    account = sim.account()

    async def search(query, **rest):
        params = {"name": "web_search", "arguments": {"query": query}}
        body = {"id": "1", "jsonrpc": "2.0", "method": "tools/call", "params": params, "profileArn": account.profile_arn, **rest}
        return await post(client, f"{sim.url}/mcp", body, **bearer(account))

    status, body = await search("llm gateways")
    found = json.loads(body["result"]["content"][0]["text"])
    assert (status, found["totalResults"], found["query"]) == (200, 2, "llm gateways")
    assert json.loads((await search("[[none]]"))[1]["result"]["content"][0]["text"])["results"] == []
    assert (await search("[[error]]"))[1]["result"]["isError"] is True
    assert (await search("x", method="resources/list"))[1]["error"]["code"] == -32601
    assert (await search("x", params={"name": "other"}))[1]["error"]["code"] == -32602
    assert (await search("x", profileArn=None))[0] == 400, "in the body, not only in a header"
    tools = (await search("x", method="tools/list"))[1]["result"]["tools"]
    assert [tool["name"] for tool in tools] == ["web_search"]
    sim.fail(account, status=429, on="mcp", headers={"Retry-After": "7"})
    assert (await search("x"))[0] == 429


# The control calls and the process.


async def test_control_calls(client, sim):
    async def control(name, **body):
        return await post(client, f"{sim.url}/_sim/{name}", body)

    _, made = await control("accounts", method="builder-id", rotates=True)
    assert set(made) == {"id", "method", "refreshToken", "accessToken", "profileArn", "clientId", "clientSecret"}
    account = sim.state.accounts[made["id"]]
    await control("script", script="text", options={"text": "scripted"}, account=made["id"])
    assert words((await ask(client, sim, account))[1]) == "scripted"
    await control("fail", account=made["id"], status=403, reason="TEMPORARILY_SUSPENDED")
    assert (await ask(client, sim, account))[1]["reason"] == "TEMPORARILY_SUSPENDED"
    await control("settings", size_limit=10)
    assert (await ask(client, sim, account))[1]["reason"] == "CONTENT_LENGTH_EXCEEDS_THRESHOLD"
    await control("expire", account=made["id"])
    assert (await ask(client, sim, account))[0] == 403
    async with client.get(f"{sim.url}/_sim/requests", params={"account": made["id"]}) as answer:
        records = (await answer.json())["requests"]
    assert [(record["status"], record["rule"]) for record in records] == [(200, None), (403, None), (400, "Z01")]
    assert records[0]["headers"]["authorization"] == f"Bearer {made['id']}"
    assert records[0]["body"]["conversationState"]["chatTriggerType"] == "MANUAL"
    assert made["accessToken"] not in json.dumps(records)
    async with client.get(f"{sim.url}/_sim/counters") as answer:
        assert (await answer.json())["rejections"] == {"Z01": 1}
    await control("reset")
    assert (list(sim.requests), sim.rejections) == ([], [])
    assert made["id"] in sim.state.accounts


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("accounts", {"method": "magic"}),
        ("accounts", {"shoe_size": 44}),
        ("accounts", {"plan": "gold"}),
        ("accounts", {"models": ["gpt-2"]}),
        ("script", {"script": "none"}),
        ("fail", {"status": 418}),
        ("fail", {"status": 429, "account": "nobody"}),
        ("expire", {}),
        ("settings", {"colour": "blue"}),
        ("approve", {"userCode": "nobody"}),
    ],
)
async def test_control_mistakes_are_reported(client, sim, name, body):
    status, answer = await post(client, f"{sim.url}/_sim/{name}", body)
    assert (status, "error" in answer) == (400, True)


@pytest.mark.slow
async def test_as_a_process(client):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.simulators.kiro", "--demo", stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    try:
        token = (await process.stdout.readline()).decode().removeprefix("refresh token ").strip()
        url = (await process.stdout.readline()).decode().removeprefix("listening on ").strip()
        status, body = await post(client, f"{url}/refreshToken", {"refreshToken": token})
        assert status == 200
        async with client.get(
            f"{url}/getUsageLimits", params={"profileArn": body["profileArn"]}, headers={"Authorization": f"Bearer {body['accessToken']}"}
        ) as answer:
            assert answer.status == 200
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
