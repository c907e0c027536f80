"""The clients' surface as an OpenAPI document, built from the structs that parse the requests."""

import json
from typing import Any

import msgspec

from dataplane.dialects.anthropic import body as anthropic
from dataplane.dialects.openai_chat import body as openai_chat
from dataplane.dialects.openai_responses import body as openai_responses
from headgate import __version__

REF = "#/components/schemas/{name}"


def document() -> bytes:
    """OpenAPI 3.1 as JSON."""
    bodies = (anthropic.Request, openai_chat.Body, openai_responses.Body)
    schemas, components = msgspec.json.schema_components(bodies, ref_template=REF)
    messages, chat, responses = schemas
    told = {
        "openapi": "3.1.0",
        "info": {"title": "Headgate", "version": __version__},
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
        },
        "security": [{"key": []}, {"bearer": []}],
        "paths": {
            "/v1/chat/completions": {"post": operation("OpenAI chat completions, streamed or whole", chat)},
            "/v1/responses": {"post": operation("OpenAI Responses, streamed or whole", responses)},
            "/v1/responses/{id}": {
                "get": operation("A kept answer", parameters=[path_parameter("id")]),
                "delete": operation("Forget a kept answer", parameters=[path_parameter("id")]),
            },
            "/v1/messages": {"post": operation("Anthropic Messages, streamed or whole", messages)},
            "/v1/messages/count_tokens": {"post": operation("How many tokens a Messages request would be", messages)},
            "/v1/requests/{id}/original": {
                "get": operation("What compression replaced in one of the key's requests", parameters=[path_parameter("id")])
            },
            "/v1/models": {"get": operation("The models the key may use")},
            "/v1/models/{id}": {"get": operation("One model", parameters=[path_parameter("id")])},
            "/v1/sessions": {
                "get": operation("The calling key's sessions by user", parameters=[query_parameter("limit"), query_parameter("cursor")])
            },
            "/v1/sessions/{user}": {"delete": operation("Forget a session", parameters=[path_parameter("user")])},
            "/v1/usage": {"get": operation("The calling key's own limits and use")},
        },
    }
    return json.dumps(told, separators=(",", ":")).encode()


def operation(summary: str, body: dict[str, Any] | None = None, parameters: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """One operation; errors are in the dialect's own shape and not repeated for each."""
    told: dict[str, Any] = {"summary": summary, "responses": {"200": {"description": "The answer"}, "4XX": {"description": "An error"}}}
    if body is not None:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    if parameters:
        told["parameters"] = parameters
    return told


def path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def query_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
