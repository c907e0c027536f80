"""What is left of a row of quirks when an endpoint has named the member that it does not take."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from dataplane.conversation.features import Feature
from dataplane.upstreams.openai.quirks import FOREIGN, THOUGHTS, Quirks


def _lacking(*features: Feature) -> Callable[[Quirks], Quirks]:
    return lambda quirks: quirks.without(*features)


def _unlimited(name: str) -> Callable[[Quirks], Quirks]:
    return lambda quirks: replace(quirks, limits=tuple(each for each in quirks.limits if each != name))


def _unformed(quirks: Quirks) -> Quirks:
    """First without the schema, then without the form."""
    return quirks.without(Feature.JSON_SCHEMA if quirks.takes(Feature.JSON_SCHEMA) else Feature.JSON_OBJECT)


def _uncounted(quirks: Quirks) -> Quirks:
    return replace(quirks, counts=False)


def _whole(quirks: Quirks) -> Quirks:
    return replace(quirks, streams=False)


def _refusing(*names: str) -> Callable[[Quirks], Quirks]:
    return lambda quirks: replace(quirks, refuses=quirks.refuses.union(names))


def _unasked(quirks: Quirks) -> Quirks:
    """It does not think, or not when it is asked to."""
    return _refusing(*FOREIGN)(quirks.without(Feature.THINKING, Feature.EFFORT))


def _unkeyed(quirks: Quirks) -> Quirks:
    return _refusing("prompt_cache_key")(replace(quirks, cache_key=False))


def _untold(quirks: Quirks) -> Quirks:
    """Its messages hold no thinking."""
    return replace(quirks.without(*THOUGHTS), echo="")


# By the name of the member.
MENDS: Mapping[str, Callable[[Quirks], Quirks]] = {
    "temperature": _lacking(Feature.TEMPERATURE),
    "top_p": _lacking(Feature.TOP_P),
    "top_k": _lacking(Feature.TOP_K),
    "stop": _lacking(Feature.STOP),
    "reasoning_effort": _lacking(Feature.EFFORT),
    "thinking": _unasked,
    "chat_template_kwargs": _unasked,
    "strict": _lacking(Feature.STRICT_TOOLS),
    "tool_choice": _lacking(Feature.TOOL_CHOICE),
    "parallel_tool_calls": _lacking(Feature.SERIAL_TOOL_CALLS),
    "response_format": _unformed,
    "json_schema": _unformed,
    "max_tokens": _unlimited("max_tokens"),
    "max_completion_tokens": _unlimited("max_completion_tokens"),
    "stream_options": _uncounted,
    "stream": _whole,
    "prompt_cache_key": _unkeyed,
    "reasoning_content": _untold,
    "reasoning": _untold,
    # What clients' libraries send along without being asked to.
    **{
        name: _refusing(name)
        for name in (
            "store",
            "metadata",
            "user",
            "seed",
            "service_tier",
            "safety_identifier",
            "prompt_cache_retention",
            "verbosity",
            "logit_bias",
            "logprobs",
            "top_logprobs",
            "presence_penalty",
            "frequency_penalty",
        )
    },
}
