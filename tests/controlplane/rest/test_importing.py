"""Importing: credential files as Kiro's tools write them, and a result for every line."""

import pytest

from controlplane.domain.account import AccountDraft, AuthMethod
from controlplane.domain.errors import Invalid
from controlplane.rest.importing import read
from tests.controlplane.rest.world import ARN, World, refresh_token

TOKEN = refresh_token("a")
ACCESS = "aoaAAAAA" + "x" * 100


def test_a_credential_file_of_the_ide() -> None:
    made, ignored = read(
        {
            "accessToken": ACCESS,
            "refreshToken": TOKEN,
            "profileArn": ARN,
            "expiresAt": "2026-03-01T00:00:00.500Z",
            "authMethod": "social",
            "provider": "Google",
            "region": "us-east-1",
            "clientIdHash": None,
        }
    )
    assert made == AccountDraft(
        auth_method=AuthMethod.SOCIAL,
        refresh_token=TOKEN,
        access_token=ACCESS,
        region="us-east-1",
        profile_arn=ARN,
        expires_at=1772323200,
    )
    assert ignored == []


def test_a_credential_file_of_the_command_line() -> None:
    made, ignored = read(
        {
            "access_token": ACCESS,
            "refresh_token": TOKEN,
            "expires_at": "2026-03-01T00:00:00Z",
            "region": "eu-west-1",
            "profile_arn": ARN,
            "scopes": ["codewhisperer:completions"],
            "client_id": "client",
            "client_secret": "secret",
        }
    )
    assert (made.client_id, made.client_secret, made.region, made.auth_method) == ("client", "secret", "eu-west-1", None)
    assert ignored == ["scopes"]


def test_a_record_of_another_gateway() -> None:
    made, ignored = read(
        {
            "id": 4,
            "refreshToken": TOKEN,
            "authMethod": "IdC",
            "clientId": "client",
            "clientSecret": "secret",
            "priority": 2,
            "region": "us-east-1",
            "authRegion": "eu-central-1",
            "machineId": "ab" * 32,
            "email": "me@example.com",
            "proxyUrl": None,
            "disabled": False,
        }
    )
    assert (made.label, made.region, made.auth_method, made.priority) == ("me@example.com", "eu-central-1", AuthMethod.IDC, 2)
    assert ignored == ["id"]


def test_an_api_key_record() -> None:
    made, _ = read({"kiroApiKey": "ksk_" + "x" * 30, "authMethod": "api_key"})
    assert (made.api_key, made.auth_method) == ("ksk_" + "x" * 30, AuthMethod.API_KEY)


@pytest.mark.parametrize(
    ("said", "method"),
    [
        ({"authMethod": "builder-id"}, AuthMethod.IDC),
        ({"provider": "BuilderId"}, AuthMethod.IDC),
        ({"provider": "Enterprise"}, AuthMethod.IDC),
        ({"provider": "Github"}, AuthMethod.SOCIAL),
        ({"authMethod": "SOCIAL"}, AuthMethod.SOCIAL),
        ({}, None),
    ],
)
def test_ways_to_sign_in(said: dict[str, str], method: AuthMethod | None) -> None:
    assert read({"refreshToken": TOKEN, "clientId": "c", "clientSecret": "s", **said})[0].auth_method is method


@pytest.mark.parametrize(
    ("expiry", "seconds"),
    [
        ("2026-03-01T00:00:00Z", 1772323200),
        (1772323200, 1772323200),
        (1772323200000, 1772323200),
        (1772323200.9, 1772323200),
        ("soon", 1),
        ("2026-03-01T00:00:00", 1),
        (None, 1),
        (float("nan"), 1),
        (10**400, 1),
        (-5, 1),
        (True, 1),
        ("0001-01-01T00:00:00Z", 1),
        ([], 1),
    ],
)
def test_expiry_in_any_spelling_or_long_ago(expiry: object, seconds: int) -> None:
    assert read({"refreshToken": TOKEN, "accessToken": ACCESS, "expiresAt": expiry})[0].expires_at == seconds


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"refreshToken": TOKEN, "authMethod": "external_idp"}, "authMethod"),
        ({"refreshToken": TOKEN, "authMethod": ["idc"]}, "authMethod"),
        ({"refreshToken": TOKEN, "authMethod": "IdC", "clientIdHash": "abc"}, "clientId"),
        ({"refreshToken": TOKEN, "authMethod": "IdC"}, "clientId"),
        ({"refreshToken": TOKEN, "authMethod": "IdC", "clientId": "c"}, "clientSecret"),
        ({}, "refreshToken"),
        ("text", None),
        (None, None),
        ([], None),
    ],
)
def test_lines_that_are_no_account(row: object, field: str | None) -> None:
    with pytest.raises(Invalid) as caught:
        read(row)
    assert caught.value.field == field


async def test_one_object_is_one_line(world: World) -> None:
    reply = await world.post("/api/accounts/import", {"refreshToken": TOKEN})
    assert reply.status_code == 200
    result = reply.json()
    assert (result["created"], result["failed"]) == (1, 0)
    (line,) = result["results"]
    assert (line["index"], line["status"], line["error"]) == (0, "created", None)
    assert (await world.get(f"/api/accounts/{line['accountId']}")).json()["label"] == line["label"]


async def test_each_line_stands_for_itself(world: World) -> None:
    rows = [
        {"refreshToken": refresh_token("a"), "label": "one"},
        {"refreshToken": refresh_token("a"), "label": "again"},
        {"refreshToken": "short"},
        "nonsense",
        {"refreshToken": refresh_token("b"), "proxyUrl": "http://proxy"},
        {"refreshToken": refresh_token("c"), "kind": "openai"},
        {"refreshToken": refresh_token("d"), "label": "two", "extra": 1},
    ]
    result = (await world.post("/api/accounts/import", rows)).json()
    assert (result["created"], result["failed"]) == (2, 5)
    told = [(line["index"], line["status"], line["error"] and line["error"]["field"]) for line in result["results"]]
    assert told == [
        (0, "created", None),
        (1, "duplicate", "refreshToken"),
        (2, "invalid", "refreshToken"),
        (3, "invalid", None),
        (4, "invalid", "proxyUrl"),
        (5, "invalid", "refreshToken"),
        (6, "created", None),
    ]
    assert result["results"][6]["ignored"] == ["extra"]
    assert (await world.get("/api/accounts")).json()["total"] == 2


async def test_a_strange_member_is_named_all_the_same(world: World) -> None:
    row = b'{"refreshToken": "%s", "\\ud800": 1, "%s": 2}' % (TOKEN.encode(), b"x" * 1000)
    (line,) = (await world.send("POST", "/api/accounts/import", row)).json()["results"]
    assert (line["status"], line["ignored"]) == ("created", ["x" * 100, "\\ud800"])


async def test_an_empty_import_is_empty(world: World) -> None:
    assert (await world.post("/api/accounts/import", [])).json() == {"created": 0, "failed": 0, "results": []}


@pytest.mark.parametrize("body", ["text", 5, None, [{}] * 1001])
async def test_what_is_no_import(world: World, body: object) -> None:
    world.fails(await world.post("/api/accounts/import", body), 400, "invalid")
