"""Model lists of OpenAI and of those who speak as it does: most tell names only, each tells more in its own words."""

from collections.abc import Mapping
from typing import Any

from controlplane.adapters import members
from controlplane.domain.errors import ProviderUnavailable
from controlplane.domain.model import ModelFacts

TEXT = ("text",)
PICTURES = ("text", "image")


def models(body: Any) -> list[ModelFacts]:
    """The list's chat models. Raises ProviderUnavailable when it is none."""
    rows = members.rows(body, "data", "models")
    if rows is None:
        raise ProviderUnavailable("the endpoint's answer holds no list of models")
    found = {made.id: made for row in rows if (made := _model(row)) is not None}
    return list(found.values())


def _model(row: Mapping[str, Any]) -> ModelFacts | None:
    name = members.text(row, "id", "model", "name")
    bare = name.lower().rpartition("/")[2]
    if not name or bare.startswith(NO_CHAT) or members.text(row, "type").lower() in NO_CHAT_TYPES:
        return None
    return ModelFacts(
        id=name,
        display_name=members.text(row, "display_name", "name"),
        context_window=members.count(row, *WINDOW),
        max_output=members.count(row, *OUTPUT),
        created=members.moment(row, "created", "created_at"),
        input_types=_reads(row),
        owner=members.text(row, "owned_by"),
    )


def _reads(row: Mapping[str, Any]) -> tuple[str, ...]:
    named = members.words(row, "architecture.input_modalities", "input_modalities", "modalities.input")
    pictures = members.flag(row, "supports_image_in", "supports_vision", "capabilities.vision")
    return named or (() if pictures is None else PICTURES if pictures else TEXT)


# OpenRouter and Kimi, vLLM and SGLang, Groq, Mistral, GitHub, llama.cpp.
WINDOW = (
    "context_length",
    "max_model_len",
    "context_window",
    "max_context_length",
    "max_input_tokens",
    "limits.max_input_tokens",
    "top_provider.context_length",
    "meta.n_ctx",
    "meta.n_ctx_train",
)
OUTPUT = ("max_output_tokens", "max_completion_tokens", "limits.max_output_tokens", "top_provider.max_completion_tokens")
# What lists hold beside chat models. An account may name any of them in its record all the same.
NO_CHAT = (
    "text-embedding",
    "whisper-",
    "tts-",
    "dall-e-",
    "gpt-image-",
    "gpt-realtime",
    "omni-moderation-",
    "text-moderation-",
    "babbage-",
    "davinci-",
    "sora-",
)
NO_CHAT_TYPES = frozenset({"embedding", "embeddings", "image", "moderation", "rerank", "audio", "video", "transcribe"})
