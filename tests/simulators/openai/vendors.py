"""Who offers chat completions, and how each differs from the others: data that validator, writer and wordings read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Thinks = Literal["never", "hidden", "always", "default", "asked"]
"""When a model reasons: unseen, always, unless switched off, or only when asked to."""


@dataclass(frozen=True, slots=True)
class Model:
    """`window` and `output` are tokens. `fixed`: sampling belongs to the platform."""

    id: str
    window: int
    output: int
    thinks: Thinks = "never"
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Vendor:
    """`keyless`: any key will do, or none. `strict`: members nobody knows are refused."""

    name: str
    voice: str
    key_prefix: str
    owned_by: str
    models: Mapping[str, Model]
    reasoning: str = ""
    call_prefix: str = "call_"
    keyless: bool = False
    strict: bool = False


def _table(*models: Model) -> dict[str, Model]:
    return {model.id: model for model in models}


OPENAI = Vendor(
    "openai",
    "OpenAI",
    "sk-proj-",
    "system",
    _table(
        Model("gpt-4o", 128_000, 16_384),
        Model("gpt-4.1", 1_047_576, 32_768),
        Model("gpt-4.1-mini", 1_047_576, 32_768),
        Model("gpt-5.2", 400_000, 128_000, "hidden", fixed=True),
        Model("gpt-5-mini", 400_000, 128_000, "hidden", fixed=True),
        Model("o4-mini", 200_000, 100_000, "hidden", fixed=True),
    ),
    strict=True,
)
# Model names and traits: Kimi wire notes 2.
KIMI = Vendor(
    "kimi",
    "Kimi",
    "sk-",
    "moonshot",
    _table(
        Model("kimi-k3", 1_048_576, 131_072, "always", fixed=True),
        Model("kimi-k2.7-code", 262_144, 65_536, "always", fixed=True),
        Model("kimi-k2.6", 262_144, 65_536, "default", fixed=True),
        Model("kimi-k2.5", 262_144, 65_536, "default", fixed=True),
        Model("moonshot-v1-8k", 8_192, 8_192),
        Model("moonshot-v1-128k", 131_072, 131_072),
    ),
    reasoning="reasoning_content",
)
DEEPSEEK = Vendor(
    "deepseek",
    "DeepSeek",
    "sk-",
    "deepseek",
    _table(
        Model("deepseek-chat", 131_072, 8_192, "asked"),
        Model("deepseek-reasoner", 131_072, 65_536, "always"),
        Model("deepseek-v4-pro", 1_048_576, 393_216, "default"),
    ),
    reasoning="reasoning_content",
    call_prefix="call_00_",
)
VLLM = Vendor(
    "vllm",
    "vLLM",
    "token-",
    "vllm",
    _table(Model("Qwen/Qwen3-8B", 40_960, 40_960, "default"), Model("meta-llama/Llama-3.1-8B-Instruct", 131_072, 131_072)),
    reasoning="reasoning_content",
    call_prefix="chatcmpl-tool-",
)
OLLAMA = Vendor(
    "ollama",
    "Ollama",
    "ollama-",
    "library",
    _table(Model("qwen3:8b", 40_960, 40_960, "default"), Model("llama3.2:3b", 131_072, 131_072)),
    reasoning="reasoning",
    keyless=True,
)
VENDORS: dict[str, Vendor] = {vendor.name: vendor for vendor in (OPENAI, KIMI, DEEPSEEK, VLLM, OLLAMA)}
