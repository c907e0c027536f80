"""The OpenAPI document: complete enough to make a typed client from it, and true."""

from typing import Any

from tests.controlplane.rest.world import World

OPEN = {"/health", "/ready", "/metrics", "/api/proxy/status", "/api/proxy/health"}
ROUTES = {
    "GET /health",
    "GET /ready",
    "GET /metrics",
    "GET /api/accounts",
    "POST /api/accounts",
    "POST /api/accounts/import",
    "GET /api/accounts/{account_id}",
    "PUT /api/accounts/{account_id}",
    "DELETE /api/accounts/{account_id}",
    "POST /api/accounts/{account_id}/test",
    "POST /api/accounts/{account_id}/restore",
    "POST /api/accounts/login/kiro",
    "GET /api/accounts/login/kiro/{login_id}",
    "POST /api/playground/pass",
    "GET /api/accounts/{account_id}/timeline",
    "GET /api/accounts/{account_id}/decisions",
    "GET /api/events",
    "POST /api/accounts/{account_id}/refresh",
    "POST /api/accounts/{account_id}/verify",
    "POST /api/accounts/{account_id}/enable",
    "POST /api/accounts/{account_id}/disable",
    "GET /api/accounts/{account_id}/usage",
    "GET /api/keys",
    "POST /api/keys",
    "GET /api/keys/{key_id}",
    "PUT /api/keys/{key_id}",
    "DELETE /api/keys/{key_id}",
    "POST /api/keys/{key_id}/rotate",
    "POST /api/keys/{key_id}/restore",
    "POST /api/keys/{key_id}/check",
    "GET /api/proxy/status",
    "GET /api/proxy/health",
    "GET /api/proxy/stats",
    "GET /api/proxy/logs",
    "PUT /api/proxy/config",
    "GET /api/settings",
    "PUT /api/settings",
    "GET /api/models",
    "GET /api/requests",
    "GET /api/requests/{request_id}",
    "GET /api/requests/{request_id}/original",
    "GET /api/audit",
    "POST /api/session",
    "GET /api/session",
    "DELETE /api/session",
    "PUT /api/session/password",
    "POST /api/session/totp",
    "PUT /api/session/totp",
    "GET /api/sessions",
    "DELETE /api/sessions/{session_id}",
    "GET /api/users",
    "POST /api/users",
    "PUT /api/users/{user_id}",
    "DELETE /api/users/{user_id}",
    "GET /api/tokens",
    "POST /api/tokens",
    "DELETE /api/tokens/{token_id}",
    "GET /api/prices",
    "POST /api/prices",
    "PUT /api/prices/{price_id}",
    "DELETE /api/prices/{price_id}",
    "GET /api/routes",
    "PUT /api/routes",
    "GET /api/usage",
    "GET /api/overview",
}


async def test_the_document(world: World) -> None:
    document = (await world.stranger.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"] == world.services.version
    operations = {f"{method.upper()} {path}": operation for path, found in document["paths"].items() for method, operation in found.items()}
    assert set(operations) == ROUTES
    names = [operation["operationId"] for operation in operations.values()]
    assert len(names) == len(set(names))
    assert "listAccounts" in names
    for route, operation in operations.items():
        check_operation(route, operation)
    assert document["components"]["securitySchemes"] == {
        "bearer": {"type": "http", "scheme": "bearer", "description": "The administrator's password, or a token hg-..."},
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": "headgate_session",
            "description": "A session; writes need x-csrf-token as well",
        },
    }
    check_references(document, document)


def check_operation(route: str, operation: dict[str, Any]) -> None:
    path = route.partition(" ")[2]
    responses = operation["responses"]
    assert "422" not in responses
    if path in OPEN or route == "POST /api/session":
        assert "security" not in operation
    else:
        assert operation["security"] == [{"bearer": []}, {"cookie": []}]
        assert {"400", "401", "403", "429", "503"} <= set(responses)
    if "{" in path:
        assert "404" in responses
    for status, response in responses.items():
        kinds = response.get("content", {})
        assert status == "204" or kinds, (path, status)
        if "application/json" in kinds:
            assert kinds["application/json"]["schema"], (path, status)


def check_references(node: Any, document: dict[str, Any]) -> None:
    """Every reference leads somewhere."""
    if isinstance(node, list):
        for item in node:
            check_references(item, document)
    if isinstance(node, dict):
        if "$ref" in node:
            *_, name = node["$ref"].split("/")
            assert name in document["components"]["schemas"]
        for item in node.values():
            check_references(item, document)


async def test_bodies_are_camel_case_and_closed(world: World) -> None:
    schemas = (await world.stranger.get("/openapi.json")).json()["components"]["schemas"]
    for name, schema in schemas.items():
        assert not [field for field in schema.get("properties", {}) if "_" in field], name
    for name in (
        "AccountBody",
        "KeyBody",
        "KeyChange",
        "LimitsBody",
        "CountCaps",
        "CreditCaps",
        "Rotation",
        "Probe",
        "SettingsBody",
        "RoutesBody",
    ):
        assert schemas[name]["additionalProperties"] is False
