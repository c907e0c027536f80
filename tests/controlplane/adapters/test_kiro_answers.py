"""Kiro's answers as our values: whole, sparse, in other spellings, and of the wrong type."""

import json

import pytest

from controlplane.adapters.kiro import answers
from controlplane.domain.errors import ProviderUnavailable
from controlplane.domain.model import ModelFacts

USAGE = {
    "nextDateReset": 1772323200.0,
    "usageBreakdownList": [
        {"resourceType": "VIBE", "currentUsage": 9, "usageLimit": 9},
        {
            "resourceType": "CREDIT",
            "unit": "credit",
            "currentUsage": 12,
            "currentUsageWithPrecision": 12.34,
            "usageLimit": 50,
            "usageLimitWithPrecision": 50.0,
            "nextDateReset": 1772323300.0,
            "freeTrialInfo": {"freeTrialStatus": "ACTIVE", "currentUsage": 3, "currentUsageWithPrecision": 3.2, "usageLimit": 500},
            "bonuses": [
                {"usageLimit": 100.0, "currentUsage": 1.0, "status": "ACTIVE"},
                {"usageLimit": 100.0, "currentUsage": 100.0, "status": "EXHAUSTED"},
                {"usageLimit": 7.0, "currentUsage": 1.0, "status": "EXPIRED"},
            ],
        },
    ],
    "subscriptionInfo": {"type": "Q_DEVELOPER_STANDALONE_PRO_PLUS", "subscriptionTitle": "KIRO PRO+"},
    "overageConfiguration": {"overageStatus": "ENABLED"},
    "userInfo": {"userId": "d-1", "email": "user@example.com"},
}


def test_allowance_sums_plan_trial_and_active_bonuses() -> None:
    found = answers.allowance(USAGE)
    assert found.used == pytest.approx(12.34 + 3.2 + 1)
    assert found.limit == 650
    assert (found.resets_at, found.unit, found.plan, found.email, found.overage) == (1772323300, "credit", "Pro+", "user@example.com", True)
    assert found.checked_at == 0


@pytest.mark.parametrize(
    ("body", "used", "limit"),
    [
        ({"usageBreakdown": {"currentUsage": 2, "usageLimit": 4}}, 2, 4),
        ({"usageBreakdownList": [], "limits": [{"type": "AGENTIC_REQUEST", "currentUsage": 12, "totalUsageLimit": 50}]}, 12, 50),
        ({"limits": [{"type": "TRANSFORM", "totalUsageLimit": 1}, {"type": "CREDIT", "currentUsage": 3, "totalUsageLimit": 9}]}, 3, 9),
        ({"usage_breakdown_list": [{"resource_type": "CREDIT", "current_usage": "5", "usage_limit": 10}]}, 5, 10),
        ({"usageBreakdownList": [{"currentUsage": None, "usageLimit": "x", "bonuses": "no", "freeTrialInfo": 3}]}, 0, 0),
        ({"usageBreakdownList": [{"usageLimit": 50, "freeTrialInfo": {"freeTrialStatus": "EXPIRED", "usageLimit": 500}}]}, 0, 50),
    ],
)
def test_sparse_allowances(body: object, used: float, limit: float) -> None:
    found = answers.allowance(body)
    assert (found.used, found.limit, found.plan, found.email, found.overage) == (used, limit, "", "", False)


@pytest.mark.parametrize("body", [None, [], {}, {"limits": []}, {"limits": "x"}, {"usageBreakdownList": [1, None]}])
def test_an_answer_without_a_limit_is_none(body: object) -> None:
    with pytest.raises(ProviderUnavailable):
        answers.allowance(body)


@pytest.mark.parametrize(
    ("title", "plan"),
    [
        ("KIRO FREE", "Free"),
        ("KIRO PRO", "Pro"),
        ("KIRO PRO+", "Pro+"),
        ("Q_DEVELOPER_STANDALONE_PRO_PLUS", "Pro+"),
        ("KIRO POWER", "Power"),
        ("", ""),
    ],
)
def test_plan(title: str, plan: str) -> None:
    assert answers.plan(title) == plan


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1772323200.5, 1772323200),
        (1772323200000, 1772323200),
        ("1772323200", 1772323200),
        ("2026-03-01T00:00:00Z", 1772323200),
        ("soon", 0),
        (None, 0),
        (-5, 0),
        (True, 0),
        (float("nan"), 0),
    ],
)
def test_reset_times(value: object, seconds: int) -> None:
    assert answers.allowance({"limits": [{}], "nextDateReset": value}).resets_at == seconds


@pytest.mark.parametrize(
    ("body", "expires_in"),
    [
        ({"accessToken": "a"}, 3600),
        ({"access_token": "a", "expires_in": "120"}, 120),
        ({"accessToken": "a", "expiresIn": 59.9}, 59),
        ({"accessToken": "a", "expiresIn": 0}, 3600),
        ({"accessToken": "a", "expiresIn": -1}, 3600),
        ({"accessToken": "a", "expiresIn": None}, 3600),
        ({"accessToken": "a", "expiresIn": True}, 3600),
        ({"accessToken": "a", "expiresIn": float("inf")}, 3600),
    ],
)
def test_tokens(body: object, expires_in: int) -> None:
    found = answers.tokens(body)
    assert (found.access_token, found.expires_in, found.refresh_token, found.profile_arn) == ("a", expires_in, "", "")


@pytest.mark.parametrize("body", [None, [], {}, {"accessToken": ""}, {"accessToken": 1}, {"accessToken": " "}, {"accessToken": "\u00e9"}])
def test_an_answer_without_a_token_is_none(body: object) -> None:
    with pytest.raises(ProviderUnavailable):
        answers.tokens(body)


def test_models() -> None:
    schema = {"type": "object"}
    body = {
        "models": [
            {
                "modelId": "claude-sonnet-4.5",
                "modelName": "Claude Sonnet 4.5",
                "rateMultiplier": 1.3,
                "tokenLimits": {"maxInputTokens": 200000, "maxOutputTokens": 64000},
                "additionalModelRequestFieldsSchema": schema,
                "supportedInputTypes": ["TEXT", "IMAGE", " text ", 5, "", None],
            },
            {"modelId": "auto", "tokenLimits": None, "additionalModelRequestFieldsSchema": "{}", "supportedInputTypes": "TEXT"},
            {"model_id": "snake", "token_limits": {"max_input_tokens": "5", "max_output_tokens": -5}, "rateMultiplier": "x"},
            {"modelName": "without an id"},
            "no model",
        ],
        "nextToken": None,
    }
    assert answers.models(body) == [
        ModelFacts("claude-sonnet-4.5", "Claude Sonnet 4.5", 200000, 64000, 1.3, json.dumps(schema), input_types=("text", "image")),
        ModelFacts("auto", request_fields_schema="{}"),
        ModelFacts("snake", context_window=5),
    ]
    assert answers.next_page(body) == ""
    assert answers.models({"models": []}) == []


@pytest.mark.parametrize("body", [None, {}, {"models": None}, {"models": {}}, []])
def test_an_answer_without_models_is_none(body: object) -> None:
    with pytest.raises(ProviderUnavailable):
        answers.models(body)


def test_profiles() -> None:
    rows = [{"arn": "one", "status": "ACTIVE"}, {"arn": "two"}, {"arn": "three", "status": "INACTIVE"}, {"profileName": "x"}, None]
    assert answers.profiles({"profiles": rows}) == ["one", "two"]
    assert answers.profiles({}) == []


def test_figures_beyond_reason_are_cut() -> None:
    limits = {"maxInputTokens": 5_000_000_000, "maxOutputTokens": "1e300"}
    (model,) = answers.models({"models": [{"modelId": "m", "tokenLimits": limits}]})
    assert (model.context_window, model.max_output) == (2**32 - 1, 2**32 - 1)
    huge = {"currentUsage": 1e308, "usageLimit": 1e308}
    found = answers.allowance({"usageBreakdownList": [{**huge, "bonuses": [huge]}]})
    assert (found.used, found.limit) == (2e12, 2e12)


@pytest.mark.parametrize("value", [1e300, 10**18, "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
def test_a_reset_outside_the_calendar_is_unknown(value: object) -> None:
    assert answers.allowance({"limits": [{}], "nextDateReset": value}).resets_at == 0


def test_names_hold_no_character_that_cannot_be_stored_or_sent() -> None:
    row = {"modelId": "a\x00b\ud800", "modelName": " Clau\udfffde\n4 ", "additionalModelRequestFieldsSchema": "{\x00}"}
    (model,) = answers.models({"models": [row, {"modelId": "\x00"}]})
    assert (model.id, model.display_name, model.request_fields_schema) == ("ab", "Claude4", "{}")
    assert answers.allowance({"limits": [{}], "userInfo": {"email": "\ud83dx@y"}}).email == "x@y"
    assert answers.tokens({"accessToken": "a", "refreshToken": "r\ud800"}).refresh_token == "r"
