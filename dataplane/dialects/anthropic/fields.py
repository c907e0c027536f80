"""Every field of a Messages request, and what is asked by it (docs/fidelity.md).

A path is that of the JSON; `{text}` is the kind of a block in a list of several kinds.
"""

from collections.abc import Mapping

from dataplane.conversation.features import Feature

REQUEST: Mapping[str, Feature] = {
    "model": Feature.MODEL,
    "messages[].role": Feature.LATER_INSTRUCTIONS,
    "messages[].content": Feature.TEXT,
    "messages[].output_config": Feature.EFFORT,
    "max_tokens": Feature.MAX_TOKENS,
    "system": Feature.SYSTEM,
    "system[]{text}.text": Feature.SYSTEM,
    "system[]{text}.citations": Feature.UNSEATED,
    "system[]{text}.cache_control": Feature.HINT,
    "system[]{unknown}": Feature.UNSEATED,
    "tool_choice.type": Feature.TOOL_CHOICE,
    "tool_choice.name": Feature.TOOL_CHOICE,
    "tool_choice.disable_parallel_tool_use": Feature.SERIAL_TOOL_CALLS,
    "temperature": Feature.TEMPERATURE,
    "top_p": Feature.TOP_P,
    "top_k": Feature.TOP_K,
    "stop_sequences[]": Feature.STOP,
    "thinking.type": Feature.THINKING,
    "thinking.budget_tokens": Feature.THINKING_BUDGET,
    "thinking.display": Feature.THINKING_DISPLAY,
    "thinking.block_binding.prefix_mismatch_behavior": Feature.REASONING,
    "output_config.effort": Feature.EFFORT,
    "output_config.format.type": Feature.JSON_SCHEMA,
    "output_config.format.schema": Feature.JSON_SCHEMA,
    "output_format.type": Feature.JSON_SCHEMA,
    "output_format.schema": Feature.JSON_SCHEMA,
    "metadata.user_id": Feature.SESSION,
    "stream": Feature.GATEWAY,
    "cache_control": Feature.HINT,
}
TOOLS: Mapping[str, Feature] = {
    "tools[].name": Feature.TOOLS,
    "tools[].type": Feature.WEB_SEARCH,
    "tools[].description": Feature.TOOLS,
    "tools[].input_schema": Feature.TOOLS,
    "tools[].strict": Feature.STRICT_TOOLS,
    "tools[].input_examples": Feature.UNSEATED,
    "tools[].allowed_callers": Feature.UNSEATED,
    "tools[].max_uses": Feature.WEB_SEARCH_USES,
    "tools[].allowed_domains[]": Feature.WEB_SEARCH_DOMAINS,
    "tools[].blocked_domains[]": Feature.WEB_SEARCH_DOMAINS,
    "tools[].user_location": Feature.UNSEATED,
    "tools[].display_width_px": Feature.TOOLS,
    "tools[].display_height_px": Feature.TOOLS,
    "tools[].enable_zoom": Feature.TOOLS,
    "tools[].max_characters": Feature.TOOLS,
    "tools[].defer_loading": Feature.HINT,
    "tools[].eager_input_streaming": Feature.HINT,
    "tools[].display_number": Feature.HINT,
    "tools[].cache_control": Feature.HINT,
}

_DOCUMENT: Mapping[str, Feature] = {
    "title": Feature.DOCUMENT,
    "context": Feature.TEXT,
    "citations.enabled": Feature.UNSEATED,
    "source.media_type": Feature.DOCUMENT,
    "source.data": Feature.DOCUMENT,
    "source.url": Feature.DOCUMENT_URL,
    "source.content": Feature.DOCUMENT,
    "source.content[]{text}.text": Feature.DOCUMENT,
    "source.content[]{text}.citations": Feature.UNSEATED,
    "source.content[]{text}.cache_control": Feature.HINT,
    "source.content[]{image}.source.media_type": Feature.IMAGE,
    "source.content[]{image}.source.data": Feature.IMAGE,
    "source.content[]{image}.source.url": Feature.IMAGE_URL,
    "source.content[]{image}.cache_control": Feature.HINT,
    "cache_control": Feature.HINT,
}
_SEARCH_RESULT: Mapping[str, Feature] = {
    "source": Feature.TEXT,
    "title": Feature.TEXT,
    "citations.enabled": Feature.UNSEATED,
    "content[].text": Feature.TEXT,
    "content[].citations": Feature.UNSEATED,
    "content[].cache_control": Feature.HINT,
    "cache_control": Feature.HINT,
}
# What came of a tool of Anthropic's servers, as words.
_SERVED: Mapping[str, Feature] = {
    "content": Feature.TEXT,
    "is_error": Feature.TEXT,
    "tool_use_id": Feature.HINT,
    "caller": Feature.HINT,
    "cache_control": Feature.HINT,
}

# Kinds of blocks, each with its members; "unknown" is any other kind.
BLOCKS: Mapping[str, Mapping[str, Feature]] = {
    "text": {"text": Feature.TEXT, "citations": Feature.UNSEATED, "cache_control": Feature.HINT},
    "image": {
        "source.media_type": Feature.IMAGE,
        "source.data": Feature.IMAGE,
        "source.url": Feature.IMAGE_URL,
        "cache_control": Feature.HINT,
    },
    "document": _DOCUMENT,
    "search_result": _SEARCH_RESULT,
    "tool_use": {
        "id": Feature.TOOL_CALL,
        "name": Feature.TOOL_CALL,
        "input": Feature.TOOL_CALL,
        "caller": Feature.HINT,
        "toolset_name": Feature.HINT,
        "cache_control": Feature.HINT,
    },
    "tool_result": {
        "tool_use_id": Feature.TOOL_RESULT,
        "content": Feature.TOOL_RESULT,
        "is_error": Feature.TOOL_RESULT_ERROR,
        "toolset_name": Feature.HINT,
        "cache_control": Feature.HINT,
    },
    "thinking": {"thinking": Feature.UNSIGNED_REASONING, "signature": Feature.REASONING, "cache_control": Feature.HINT},
    "redacted_thinking": {"data": Feature.REDACTED_REASONING, "cache_control": Feature.HINT},
    "server_tool_use": {
        "id": Feature.SEARCH_RESULTS,
        "name": Feature.SEARCH_RESULTS,
        "input": Feature.SEARCH_RESULTS,
        "caller": Feature.HINT,
        "cache_control": Feature.HINT,
    },
    "web_search_tool_result": {
        "tool_use_id": Feature.SEARCH_RESULTS,
        "content.error_code": Feature.SEARCH_RESULTS,
        "content[].url": Feature.SEARCH_RESULTS,
        "content[].title": Feature.SEARCH_RESULTS,
        "content[].encrypted_content": Feature.SEARCH_RESULTS,
        "content[].page_age": Feature.SEARCH_RESULTS,
        "caller": Feature.HINT,
        "cache_control": Feature.HINT,
    },
    "web_fetch_tool_result": {
        "tool_use_id": Feature.HINT,
        "content.error_code": Feature.TEXT,
        "content.url": Feature.TEXT,
        "content.content.title": Feature.TEXT,
        "content.content.source.media_type": Feature.DOCUMENT,
        "content.content.source.data": Feature.DOCUMENT,
        "content.content.citations": Feature.HINT,
        "content.content.cache_control": Feature.HINT,
        "content.retrieved_at": Feature.HINT,
        "caller": Feature.HINT,
        "cache_control": Feature.HINT,
    },
    "mcp_tool_use": {
        "id": Feature.HINT,
        "name": Feature.TEXT,
        "server_name": Feature.TEXT,
        "input": Feature.TEXT,
        "cache_control": Feature.HINT,
    },
    "mcp_tool_result": _SERVED,
    "code_execution_tool_result": _SERVED,
    "bash_code_execution_tool_result": _SERVED,
    "text_editor_code_execution_tool_result": _SERVED,
    "tool_search_tool_result": _SERVED,
    "advisor_tool_result": _SERVED,
    "compaction": {
        "content": Feature.TEXT,
        "encrypted_content": Feature.HINT,
        "signature": Feature.HINT,
        "cache_control": Feature.HINT,
    },
    "container_upload": {"": Feature.UNSEATED},
    "mcp_tool_listing": {"": Feature.UNSEATED},
    "fallback": {"": Feature.HINT},
    "unknown": {"": Feature.UNSEATED},
}


def _harder(members: Mapping[str, Feature]) -> dict[str, Feature]:
    """Media have a harder way within a tool's result than in the open."""
    easy = (Feature.UNSEATED, Feature.TEXT, Feature.HINT)
    return {member: feature if feature in easy else Feature.TOOL_RESULT_MEDIA for member, feature in members.items()}


# What a tool gave back.
_RESULT: Mapping[str, Mapping[str, Feature]] = {
    "text": {**BLOCKS["text"], "text": Feature.TOOL_RESULT},
    "image": _harder(BLOCKS["image"]),
    "document": _harder(_DOCUMENT),
    "search_result": _SEARCH_RESULT,
    "tool_reference": {"tool_name": Feature.TOOL_RESULT, "cache_control": Feature.HINT},
    "unknown": {"": Feature.UNSEATED},
}


def _spelled(place: str, blocks: Mapping[str, Mapping[str, Feature]]) -> dict[str, Feature]:
    """The members of blocks in the list at `place`; "" is the block itself."""
    return {
        f"{place}{{{kind}}}.{member}".removesuffix("."): feature for kind, members in blocks.items() for member, feature in members.items()
    }


FIELDS: Mapping[str, Feature] = {
    **REQUEST,
    **TOOLS,
    **_spelled("messages[].content[]", BLOCKS),
    **_spelled("messages[].content[]{tool_result}.content[]", _RESULT),
}
