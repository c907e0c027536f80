"""The calls to Kiro's account endpoints, against a scripted transport."""

import json
import traceback
from collections.abc import Callable

import httpx
import pytest

from controlplane.adapters.http import Clients
from controlplane.adapters.kiro import Bases, Kiro
from controlplane.domain.account import Account, AuthMethod, Credentials
from controlplane.domain.errors import AccessRejected, AccountSuspended, GrantRejected, ProviderError, ProviderUnavailable
from controlplane.policy.hosts import Hosts

REFRESH = "aorAAAAA" + "r" * 120
ACCESS = "aoaAAAAA" + "a" * 120
SECRET = "client-secret-value"
MACHINE = "ab" * 32
ARN = "arn:aws:codewhisperer:eu-central-1:699475941385:profile/EHGA3GRVQMUK"
BASES = Bases("https://auth.{region}.test", "https://oidc.{region}.test", "https://management.{region}.test")

Answer = Callable[[httpx.Request], httpx.Response]


class Upstream:
    """Answers by path from a table and remembers what was asked."""

    def __init__(self, **answers: Answer | httpx.Response) -> None:
        self.answers = answers
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.get(request.url.path.strip("/").replace("-", "_"))
        if answer is None:
            return httpx.Response(404, json={"message": "no such operation"})
        return answer if isinstance(answer, httpx.Response) else answer(request)

    def provider(self, where: Bases = BASES) -> Kiro:
        return Kiro(Clients(httpx.MockTransport(self)), where)


def account(method: AuthMethod = AuthMethod.SOCIAL, **fields: str) -> Account:
    return Account(id="acc_1", kind="kiro", label="one", auth_method=method, machine_id=MACHINE, **fields)


def credentials(**fields: str) -> Credentials:
    return Credentials(refresh_token=REFRESH, **fields)


def reply(body: object, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


async def test_social_refresh_sends_the_token_alone_and_reads_the_answer() -> None:
    upstream = Upstream(refreshToken=reply({"accessToken": ACCESS, "refreshToken": "rotated", "expiresIn": 1800, "profileArn": ARN}))
    tokens = await upstream.provider().refresh(account(region="eu-west-1"), credentials())
    assert (tokens.access_token, tokens.refresh_token, tokens.expires_in, tokens.profile_arn) == (ACCESS, "rotated", 1800, ARN)
    (request,) = upstream.requests
    assert str(request.url) == "https://auth.eu-west-1.test/refreshToken"
    assert request.method == "POST"
    assert json.loads(request.content) == {"refreshToken": REFRESH}
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].endswith("-" + MACHINE)


async def test_idc_refresh_sends_camel_case_json_to_the_sign_on_region() -> None:
    upstream = Upstream(token=reply({"accessToken": ACCESS, "expiresIn": 3600}))
    secrets = credentials(client_id="id", client_secret=SECRET)
    tokens = await upstream.provider().refresh(account(AuthMethod.IDC, region="ap-southeast-2"), secrets)
    assert tokens.refresh_token == ""
    (request,) = upstream.requests
    assert str(request.url) == "https://oidc.ap-southeast-2.test/token"
    assert json.loads(request.content) == {
        "clientId": "id",
        "clientSecret": SECRET,
        "refreshToken": REFRESH,
        "grantType": "refresh_token",
    }
    assert MACHINE not in str(request.headers)


async def test_what_can_not_be_refreshed_asks_nobody() -> None:
    upstream = Upstream()
    with pytest.raises(GrantRejected):
        await upstream.provider().refresh(account(), Credentials(access_token=ACCESS))
    with pytest.raises(GrantRejected, match="clientId"):
        await upstream.provider().refresh(account(AuthMethod.IDC), credentials(client_id="id"))
    assert upstream.requests == []


@pytest.mark.parametrize("region", ["evil.test/#", "us-east-1.evil", "", "us-east-1@x", "../.."])
async def test_a_region_that_is_none_never_becomes_part_of_a_host_name(region: str) -> None:
    upstream = Upstream()
    with pytest.raises(ProviderUnavailable, match="region"):
        await upstream.provider().refresh(account(region=region), credentials())
    assert upstream.requests == []


async def test_models_are_read_page_by_page() -> None:
    def page(request: httpx.Request) -> httpx.Response:
        if "nextToken" in request.url.params:
            return reply({"models": [{"modelId": "b"}, {"modelId": "a", "modelName": "again"}]})
        return reply({"models": [{"modelId": "a", "modelName": "A"}], "nextToken": "more"})

    upstream = Upstream(ListAvailableModels=page)
    models = await upstream.provider().models(account(profile_arn=ARN), ACCESS)
    assert [(model.id, model.display_name) for model in models] == [("a", "A"), ("b", "")]
    first, second = upstream.requests
    assert first.url.host == "management.eu-central-1.test"
    assert dict(first.url.params) == {"origin": "AI_EDITOR", "maxResults": "50", "profileArn": ARN}
    assert second.url.params["nextToken"] == "more"
    assert first.headers["authorization"] == f"Bearer {ACCESS}"
    assert MACHINE in first.headers["user-agent"]
    assert MACHINE in first.headers["x-amz-user-agent"]
    assert "tokentype" not in first.headers


async def test_a_model_list_that_repeats_its_page_ends() -> None:
    upstream = Upstream(ListAvailableModels=lambda _: reply({"models": [{"modelId": "a"}], "nextToken": "same"}))
    assert len(await upstream.provider().models(account(), ACCESS)) == 1
    assert len(upstream.requests) == 2


async def test_a_model_list_with_ever_new_pages_ends() -> None:
    count = iter(range(1000))
    upstream = Upstream(ListAvailableModels=lambda _: reply({"models": [], "nextToken": str(next(count))}))
    assert await upstream.provider().models(account(), ACCESS) == []
    assert len(upstream.requests) == 20


async def test_allowance_asks_with_what_the_endpoint_wants() -> None:
    upstream = Upstream(getUsageLimits=reply({"usageBreakdownList": [{"resourceType": "CREDIT", "currentUsage": 1, "usageLimit": 50}]}))
    found = await upstream.provider().allowance(account(), ACCESS)
    assert (found.used, found.limit) == (1, 50)
    (request,) = upstream.requests
    assert request.url.host == "management.us-east-1.test"
    assert dict(request.url.params) == {"origin": "AI_EDITOR", "resourceType": "AGENTIC_REQUEST", "isEmailRequired": "true"}


async def test_api_keys_are_announced() -> None:
    upstream = Upstream(ListAvailableModels=reply({"models": []}))
    await upstream.provider().models(account(AuthMethod.API_KEY), "ksk_key")
    assert upstream.requests[0].headers["tokentype"] == "API_KEY"


async def test_the_second_spelling_is_tried_once_and_remembered_for_its_host() -> None:
    upstream = Upstream(List_Available_Models=reply({"models": []}), Get_Usage_Limits=reply({"limits": [{"totalUsageLimit": 5}]}))
    provider = upstream.provider()
    await provider.models(account(), ACCESS)
    await provider.models(account(), ACCESS)
    await provider.allowance(account(), ACCESS)
    await provider.models(account(profile_arn=ARN), ACCESS)
    assert [(request.url.host.split(".")[1], request.url.path) for request in upstream.requests] == [
        ("us-east-1", "/ListAvailableModels"),
        ("us-east-1", "/List-Available-Models"),
        ("us-east-1", "/List-Available-Models"),
        ("us-east-1", "/Get-Usage-Limits"),
        ("eu-central-1", "/ListAvailableModels"),
        ("eu-central-1", "/List-Available-Models"),
    ]


async def test_a_host_that_changes_its_spelling_back_is_followed() -> None:
    upstream = Upstream(List_Available_Models=reply({"models": []}))
    provider = upstream.provider()
    await provider.models(account(), ACCESS)
    upstream.answers = {"ListAvailableModels": reply({"models": []})}
    await provider.models(account(), ACCESS)
    await provider.models(account(), ACCESS)
    assert upstream.requests[-1].url.path == "/ListAvailableModels"
    assert len(upstream.requests) == 5


async def test_a_host_without_either_spelling_is_unavailable() -> None:
    upstream = Upstream()
    with pytest.raises(ProviderUnavailable, match="management address"):
        await upstream.provider().models(account(), ACCESS)
    assert len(upstream.requests) == 2


async def test_profiles_are_looked_for_in_both_regions() -> None:
    def found(request: httpx.Request) -> httpx.Response:
        return reply({"profiles": [{"arn": ARN, "status": "ACTIVE"}] if "eu-central" in request.url.host else []})

    upstream = Upstream(ListAvailableProfiles=found)
    assert await upstream.provider().profiles(account(AuthMethod.IDC), ACCESS) == [ARN]
    assert [request.method for request in upstream.requests] == ["POST", "POST"]
    assert json.loads(upstream.requests[0].content) == {}


async def test_profiles_at_an_address_without_a_region_are_asked_once_and_paged() -> None:
    def page(request: httpx.Request) -> httpx.Response:
        if json.loads(request.content):
            return reply({"profiles": [{"arn": "second"}]})
        return reply({"profiles": [{"arn": "first"}], "nextToken": "n"})

    upstream = Upstream(ListAvailableProfiles=page)
    bases = Bases(management="https://one.test")
    assert await upstream.provider(bases).profiles(account(AuthMethod.IDC), ACCESS) == ["first", "second"]


async def test_accounts_that_may_not_list_profiles_have_none() -> None:
    refusal = reply({"message": "AWS Builder ID is not supported for this operation.", "reason": None}, 403)
    assert await Upstream(ListAvailableProfiles=refusal).provider().profiles(account(AuthMethod.IDC), ACCESS) == []


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, {"message": "The bearer token included in the request is invalid.", "reason": None}, AccessRejected),
        (403, {"message": "no", "reason": "TEMPORARILY_SUSPENDED"}, AccountSuspended),
        (401, {"message": "expired"}, AccessRejected),
        (500, {"message": "oops"}, ProviderUnavailable),
    ],
)
async def test_other_refusals_of_profiles_are_faults(status: int, body: object, error: type[ProviderError]) -> None:
    upstream = Upstream(ListAvailableProfiles=reply(body, status))
    with pytest.raises(error):
        await upstream.provider().profiles(account(AuthMethod.IDC), ACCESS)


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff\xfe", b"[]", b"null", b'"text"', b"[" * 100_000, b'{"accessToken": 7}'])
async def test_nonsense_with_status_200_is_unavailable(content: bytes) -> None:
    upstream = Upstream(
        refreshToken=lambda _: httpx.Response(200, content=content),
        ListAvailableModels=lambda _: httpx.Response(200, content=content),
        getUsageLimits=lambda _: httpx.Response(200, content=content),
    )
    provider = upstream.provider()
    with pytest.raises(ProviderUnavailable):
        await provider.refresh(account(), credentials())
    with pytest.raises(ProviderUnavailable):
        await provider.models(account(), ACCESS)
    with pytest.raises(ProviderUnavailable):
        await provider.allowance(account(), ACCESS)


async def test_redirects_are_not_followed() -> None:
    upstream = Upstream(refreshToken=httpx.Response(307, headers={"location": "https://evil.test/"}))
    with pytest.raises(ProviderUnavailable):
        await upstream.provider().refresh(account(), credentials())
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectTimeout, httpx.ReadTimeout, httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError, httpx.DecodingError],
)
async def test_no_answer_is_unavailable(error: type[httpx.RequestError]) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("broken", request=request)

    with pytest.raises(ProviderUnavailable):
        await Upstream(refreshToken=fail).provider().refresh(account(), credentials())


async def test_no_error_shows_a_secret() -> None:
    """Neither in its text, nor in its traceback, nor in any error it is chained to."""
    echo = {"message": f"bad token {REFRESH} {ACCESS} {SECRET}", "reason": REFRESH, "error": SECRET}

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"broken {REFRESH}", request=request)

    answers: list[Answer | httpx.Response] = [fail, *(reply(echo, status) for status in (400, 401, 403, 418, 423, 429, 500))]
    for answer in answers:
        provider = Upstream(refreshToken=answer, token=answer, ListAvailableModels=answer, getUsageLimits=answer).provider()
        secrets = credentials(client_id="id", client_secret=SECRET)
        for call in (
            provider.refresh(account(), secrets),
            provider.refresh(account(AuthMethod.IDC), secrets),
            provider.models(account(), ACCESS),
            provider.allowance(account(), ACCESS),
        ):
            with pytest.raises(ProviderError) as caught:
                await call
            assert caught.value.__context__ is None
            shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
            assert not any(secret in shown for secret in (REFRESH, ACCESS, SECRET))


def test_bases_fall_back_as_the_settings_say() -> None:
    assert Bases.chosen("a", "o", Hosts.chosen("runtime")) == Bases("a", "o", "https://management.{region}.kiro.dev", dashed=True)
    assert Bases.chosen("a", "o", Hosts.chosen("legacy")) == Bases("a", "o", "https://q.{region}.amazonaws.com", dashed=False)
    assert Bases.chosen("a", "o", Hosts.chosen("legacy", None, "https://m")).management == "https://m"


async def test_hosts_of_the_older_generation_know_the_first_spelling_only() -> None:
    upstream = Upstream(List_Available_Models=reply({"models": []}))
    with pytest.raises(ProviderUnavailable, match="management address"):
        await upstream.provider(Bases.chosen("a", "o", Hosts.chosen("legacy"))).models(account(region="eu-west-1"), ACCESS)
    (request,) = upstream.requests
    assert str(request.url).startswith("https://q.eu-central-1.amazonaws.com/ListAvailableModels")
