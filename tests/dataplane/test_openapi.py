"""The published document is what the parsers accept."""

import json

from dataplane.openapi import document


def test_the_document_describes_every_client_route():
    told = json.loads(document())
    assert told["openapi"].startswith("3.1")
    assert set(told["paths"]) == {
        "/v1/chat/completions",
        "/v1/messages",
        "/v1/messages/count_tokens",
        "/v1/responses",
        "/v1/responses/{id}",
        "/v1/requests/{id}/original",
        "/v1/sessions",
        "/v1/sessions/{user}",
        "/v1/models",
        "/v1/models/{id}",
        "/v1/usage",
    }


def test_every_reference_leads_somewhere():
    text = document().decode()
    schemas = json.loads(text)["components"]["schemas"]
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names
    assert names <= set(schemas)
