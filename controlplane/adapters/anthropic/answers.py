"""Model lists of Anthropic and of those who speak as it does. These may answer as OpenAI would."""

from collections.abc import Mapping
from typing import Any

from controlplane.adapters import members
from controlplane.domain.errors import ProviderUnavailable
from controlplane.domain.model import ModelFacts

# Requests that name such a model fail.
GONE = "retired"


def models(body: Any) -> list[ModelFacts]:
    """One page. Raises ProviderUnavailable when it is none."""
    rows = members.rows(body, "data")
    if rows is None:
        raise ProviderUnavailable("the endpoint's answer holds no list of models")
    return [_model(row) for row in rows if members.text(row, "id") and members.text(row, "lifecycle") != GONE]


def next_page(body: Any) -> str:
    """The id after which the next page begins, empty at the end."""
    return members.text(body, "last_id") if members.flag(body, "has_more") else ""


def _model(row: Mapping[str, Any]) -> ModelFacts:
    pictures = members.flag(row, "capabilities.image_input.supported")
    return ModelFacts(
        id=members.text(row, "id"),
        display_name=members.text(row, "display_name"),
        context_window=members.count(row, "max_input_tokens", "context_length", "context_window", "max_model_len"),
        max_output=members.count(row, "max_tokens", "max_output_tokens"),
        created=members.moment(row, "created_at", "created"),
        input_types=() if pictures is None else ("text", "image") if pictures else ("text",),
        owner=members.text(row, "owned_by"),
    )
