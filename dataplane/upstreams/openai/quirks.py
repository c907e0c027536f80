"""What each vendor's endpoint takes and how its models want to be spoken to: one row each, chosen by data.

Sources: OpenAI's API reference; Kimi wire notes, section 2; DeepSeek's guides on thinking and JSON output; the
compatibility pages and complaint threads of vLLM and Ollama. What a row does not know, a refusal teaches (`mends`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import urlsplit

from dataplane.conversation.features import Feature
from dataplane.upstreams.base import Lease

SEARCHING = frozenset({Feature.WEB_SEARCH, Feature.WEB_SEARCH_DOMAINS, Feature.WEB_SEARCH_USES})
SAMPLING = frozenset({Feature.TEMPERATURE, Feature.TOP_P, Feature.TOP_K})


@dataclass(frozen=True, slots=True)
class Quirks:
    """One kind of endpoint and model.

    `lacks`: what has no seat there. `refuses`: members at the top of a body, unmodelled here, that make it refuse the
    request or do nothing. `limits`: the names under which it takes a limit of the answer, the better one first; empty
    for none. `most_tools`: 0 for no bound. `native`: takes what only OpenAI itself has (custom tools, allowed_tools).
    `developer`, `late_system`: takes that role, takes instructions in the middle. `urls`, `files`: pictures by
    address, PDFs whole.

    `efforts` are the values of reasoning_effort, `listed` when others are refused; `on` and `off` are members that
    make it think or not, `thinks` that it does so by itself. `echo`: which earlier answers must carry their thinking:
    "calls" those with tool calls, "tools" all of them where there are tools, "" none. `tags`: thinking may come inside
    the text.
    """

    name: str
    lacks: frozenset[Feature] = SEARCHING
    refuses: frozenset[str] = frozenset()
    limits: tuple[str, ...] = ("max_tokens", "max_completion_tokens")
    most_tools: int = 0
    native: bool = False
    developer: bool = False
    late_system: bool = True
    urls: bool = False
    files: bool = False
    efforts: tuple[str, ...] = ()
    listed: bool = True
    on: Mapping[str, Any] = field(default_factory=dict)
    off: Mapping[str, Any] = field(default_factory=dict)
    thinks: bool = False
    echo: Literal["", "calls", "tools"] = ""
    tags: bool = False
    streams: bool = True
    counts: bool = True
    cache_key: bool = False

    def takes(self, feature: Feature) -> bool:
        return feature not in self.lacks

    def without(self, *features: Feature) -> "Quirks":
        return replace(self, lacks=self.lacks.union(features))


@dataclass(frozen=True, slots=True)
class Rule:
    """Which leases a row is for: the host ends with one of `hosts` (or has such a port), or the owner in the endpoint's list of
    models is one of `owners`; without both, any. The model's name, what stands before a slash left out, begins with
    one of `models`.
    """

    quirks: Quirks
    hosts: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    models: tuple[str, ...] = ("",)


def of(lease: Lease) -> Quirks:
    """The first row whose rule fits; nothing has been learned yet."""
    return _of(lease.base_urls[0], lease.attributes.get("model_owner", ""), lease.model)


@lru_cache(maxsize=1024)
def _of(url: str, owner: str, model: str) -> Quirks:
    place = urlsplit(url)
    host, port = f".{place.hostname}", f":{place.port}"
    name = model.lower().rpartition("/")[2]
    for rule in RULES:
        ours = not (rule.hosts or rule.owners) or host.endswith(rule.hosts) or port in rule.hosts or owner.lower() in rule.owners
        if ours and name.startswith(rule.models):
            return rule.quirks
    raise AssertionError("the last rule fits everything")


FOREIGN = frozenset({"thinking", "enable_thinking", "chat_template_kwargs"})
THOUGHTS = frozenset({Feature.REASONING, Feature.UNSIGNED_REASONING, Feature.REDACTED_REASONING})
_THINKING = frozenset({Feature.THINKING, Feature.THINKING_BUDGET, Feature.EFFORT})

OPENAI = Quirks(
    "openai",
    lacks=SEARCHING | THOUGHTS | _THINKING | {Feature.TOP_K},
    refuses=FOREIGN,
    limits=("max_completion_tokens", "max_tokens"),
    most_tools=128,
    native=True,
    developer=True,
    urls=True,
    files=True,
    cache_key=True,
)
OPENAI_SEARCH = replace(
    OPENAI,
    name="openai search",
    lacks=THOUGHTS | _THINKING | SAMPLING | {Feature.WEB_SEARCH_DOMAINS, Feature.WEB_SEARCH_USES},
)
# These draw in one way only, and their limit counts the thinking.
OPENAI_THINKING = replace(
    OPENAI,
    name="openai thinking",
    lacks=SEARCHING | THOUGHTS | SAMPLING | {Feature.STOP},
    limits=("max_completion_tokens",),
    efforts=("minimal", "low", "medium", "high"),
    off={"reasoning_effort": "minimal"},
    thinks=True,
)
OPENAI_O = replace(
    OPENAI_THINKING.without(Feature.SERIAL_TOOL_CALLS),
    name="openai o",
    efforts=("low", "medium", "high"),
    off={"reasoning_effort": "low"},
)
# From 5.1 on thinking can be switched off, and is where nothing is said.
OPENAI_5X = replace(
    OPENAI_THINKING,
    name="openai 5.x",
    efforts=("none", "low", "medium", "high", "xhigh"),
    off={"reasoning_effort": "none"},
    thinks=False,
)

KIMI = Quirks(
    "kimi",
    lacks=SEARCHING | SAMPLING | {Feature.STRICT_TOOLS, Feature.EFFORT, Feature.THINKING_BUDGET, Feature.REDACTED_REASONING},
    refuses=frozenset({"presence_penalty", "frequency_penalty"}),
    limits=("max_completion_tokens", "max_tokens"),
    most_tools=128,
    on={"thinking": {"type": "enabled"}},
    off={"thinking": {"type": "disabled"}},
    echo="calls",
    cache_key=True,
)
KIMI_ALWAYS = replace(KIMI, name="kimi always thinking", on={}, off={}, thinks=True)
KIMI_K3 = replace(
    KIMI_ALWAYS,
    name="kimi k3",
    lacks=KIMI.lacks - {Feature.EFFORT, Feature.THINKING_BUDGET},
    efforts=("low", "high", "max"),
    off={"reasoning_effort": "low"},
)
MOONSHOT = Quirks(
    "moonshot v1",
    lacks=SEARCHING | THOUGHTS | _THINKING | {Feature.STRICT_TOOLS, Feature.TOP_K},
    refuses=FOREIGN,
    limits=("max_completion_tokens", "max_tokens"),
    most_tools=128,
)
DEEPSEEK = Quirks(
    "deepseek",
    lacks=SEARCHING
    | {Feature.JSON_SCHEMA, Feature.TOP_K, Feature.STRICT_TOOLS, Feature.SERIAL_TOOL_CALLS, Feature.IMAGE, Feature.REDACTED_REASONING},
    limits=("max_tokens",),
    most_tools=128,
    efforts=("low", "high", "max"),
    on={"thinking": {"type": "enabled"}},
    off={"thinking": {"type": "disabled"}},
    echo="tools",
)
# Chat templates decide what roles there may be; many allow a system message at the head only.
VLLM = Quirks(
    "vllm",
    lacks=SEARCHING | {Feature.STRICT_TOOLS, Feature.REDACTED_REASONING},
    limits=("max_completion_tokens", "max_tokens"),
    late_system=False,
    urls=True,
    efforts=("low", "medium", "high"),
    listed=False,
    tags=True,
)
VLLM_QWEN = replace(
    VLLM,
    name="vllm qwen",
    efforts=(),
    on={"chat_template_kwargs": {"enable_thinking": True}},
    off={"chat_template_kwargs": {"enable_thinking": False}},
)
# Members that it does not know are silently passed over. Models that cannot think refuse to be asked for it, and
# those that can do so by themselves.
OLLAMA = Quirks(
    "ollama",
    lacks=SEARCHING
    | {Feature.TOP_K, Feature.STRICT_TOOLS, Feature.TOOL_CHOICE, Feature.SERIAL_TOOL_CALLS, Feature.REDACTED_REASONING}
    | {Feature.THINKING_BUDGET},
    limits=("max_tokens",),
    late_system=False,
    listed=False,
    off={"reasoning_effort": "none"},
    thinks=True,
    tags=True,
)
OLLAMA_GPT_OSS = replace(
    OLLAMA,
    name="ollama gpt-oss",
    lacks=OLLAMA.lacks - {Feature.THINKING_BUDGET},
    efforts=("low", "medium", "high"),
    listed=True,
    off={"reasoning_effort": "low"},
)
# Nothing is known: what is usual is sent, and a refusal teaches the rest.
GENERIC = Quirks(
    "generic",
    lacks=SEARCHING | {Feature.REDACTED_REASONING},
    late_system=False,
    efforts=("low", "medium", "high"),
    listed=False,
    urls=True,
    tags=True,
)

_OPENAI_HOSTS = (".api.openai.com", ".openai.azure.com", ".services.ai.azure.com")
_KIMI_HOSTS = (".moonshot.ai", ".moonshot.cn", ".kimi.com")
_DEEPSEEK_HOSTS = (".deepseek.com",)
_OLLAMA_HOSTS = (":11434", ".ollama.com")
RULES: tuple[Rule, ...] = (
    Rule(OPENAI_SEARCH, _OPENAI_HOSTS, models=("gpt-4o-search", "gpt-4o-mini-search", "gpt-5-search")),
    Rule(OPENAI, _OPENAI_HOSTS, models=("gpt-5-chat", "gpt-5.1-chat", "gpt-5.2-chat", "gpt-5.3-chat")),
    Rule(OPENAI_5X, _OPENAI_HOSTS, models=("gpt-5.", "gpt-6")),
    Rule(OPENAI_THINKING, _OPENAI_HOSTS, models=("gpt-5",)),
    Rule(OPENAI_O, _OPENAI_HOSTS, models=("o1", "o3", "o4")),
    Rule(OPENAI, _OPENAI_HOSTS),
    Rule(KIMI_K3, _KIMI_HOSTS, ("moonshot",), models=("kimi-k3",)),
    Rule(KIMI_ALWAYS, _KIMI_HOSTS, ("moonshot",), models=("kimi-k2.7",)),
    Rule(KIMI, _KIMI_HOSTS, ("moonshot",), models=("kimi-",)),
    Rule(MOONSHOT, _KIMI_HOSTS, ("moonshot",)),
    Rule(DEEPSEEK, _DEEPSEEK_HOSTS, ("deepseek",)),
    Rule(VLLM_QWEN, owners=("vllm",), models=("qwen3",)),
    Rule(VLLM, owners=("vllm",)),
    Rule(OLLAMA_GPT_OSS, _OLLAMA_HOSTS, ("library",), models=("gpt-oss",)),
    Rule(OLLAMA, _OLLAMA_HOSTS, ("library",)),
    Rule(GENERIC),
)
