"""Every field of a Messages request, and what is asked by it (docs/fidelity.md).

A path is that of the JSON; `{text}` is the kind of a block in a list of several kinds.
"""

from collections.abc import Mapping

from dataplane.conversation.features import Feature

REQUEST: Mapping[str, Feature] = {
    "model": Feature.MODEL,
    "messages[].role": Feature.LATER_INSTRUCTIONS,
    "messages[].content": Feature.TEXT,
    "messages[].output_config": Feature.UNSEATED,
    "max_tokens": Feature.MAX_TOKENS,
    "system": Feature.SYSTEM,
    "system[].text": Feature.SYSTEM,
    "system[].citations": Feature.UNSEATED,
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
    "output_config.effort": Feature.EFFORT,
    "output_config.format.type": Feature.JSON_SCHEMA,
    "output_config.format.schema": Feature.JSON_SCHEMA,
    "output_format.type": Feature.JSON_SCHEMA,
    "output_format.schema": Feature.JSON_SCHEMA,
    "metadata.user_id": Feature.SESSION,
    "stream": Feature.GATEWAY,
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
}

_DOCUMENT: Mapping[str, Feature] = {
    "title": Feature.DOCUMENT,
    "context": Feature.TEXT,
    "citations": Feature.UNSEATED,
    "source.media_type": Feature.DOCUMENT,
    "source.data": Feature.DOCUMENT,
    "source.url": Feature.DOCUMENT_URL,
    "source.content": Feature.DOCUMENT,
    "source.content[]{text}.text": Feature.DOCUMENT,
    "source.content[]{text}.citations": Feature.UNSEATED,
    "source.content[]{image}.source.media_type": Feature.IMAGE,
    "source.content[]{image}.source.data": Feature.IMAGE,
    "source.content[]{image}.source.url": Feature.IMAGE_URL,
}
_SEARCH_RESULT: Mapping[str, Feature] = {
    "source": Feature.TEXT,
    "title": Feature.TEXT,
    "citations": Feature.UNSEATED,
    "content[].text": Feature.TEXT,
    "content[].citations": Feature.UNSEATED,
}

# Kinds of blocks, each with its members.
BLOCKS: Mapping[str, Mapping[str, Feature]] = {
    "text": {"text": Feature.TEXT, "citations": Feature.UNSEATED},
    "image": {"source.media_type": Feature.IMAGE, "source.data": Feature.IMAGE, "source.url": Feature.IMAGE_URL},
    "document": _DOCUMENT,
    "search_result": _SEARCH_RESULT,
    "tool_use": {"id": Feature.TOOL_CALL, "name": Feature.TOOL_CALL, "input": Feature.TOOL_CALL},
    "tool_result": {
        "tool_use_id": Feature.TOOL_RESULT,
        "content": Feature.TOOL_RESULT,
        "is_error": Feature.TOOL_RESULT_ERROR,
    },
    "thinking": {"thinking": Feature.UNSIGNED_REASONING, "signature": Feature.REASONING},
    "redacted_thinking": {"data": Feature.REDACTED_REASONING},
    "server_tool_use": {"id": Feature.SEARCH_RESULTS, "name": Feature.SEARCH_RESULTS, "input": Feature.SEARCH_RESULTS},
    "web_search_tool_result": {
        "tool_use_id": Feature.SEARCH_RESULTS,
        "content.error_code": Feature.SEARCH_RESULTS,
        "content[].url": Feature.SEARCH_RESULTS,
        "content[].title": Feature.SEARCH_RESULTS,
        "content[].encrypted_content": Feature.SEARCH_RESULTS,
        "content[].page_age": Feature.SEARCH_RESULTS,
    },
    "web_fetch_tool_result": {
        "tool_use_id": Feature.HINT,
        "content.error_code": Feature.TEXT,
        "content.url": Feature.TEXT,
        "content.content.title": Feature.TEXT,
        "content.content.source.media_type": Feature.DOCUMENT,
        "content.content.source.data": Feature.DOCUMENT,
    },
    "mcp_tool_use": {"id": Feature.HINT, "name": Feature.TEXT, "server_name": Feature.TEXT, "input": Feature.TEXT},
    "mcp_tool_result": {"content": Feature.TEXT},
    "code_execution_tool_result": {"content": Feature.TEXT},
    "bash_code_execution_tool_result": {"content": Feature.TEXT},
    "text_editor_code_execution_tool_result": {"content": Feature.TEXT},
    "tool_search_tool_result": {"content": Feature.TEXT},
    "advisor_tool_result": {"content": Feature.TEXT},
    "compaction": {"content": Feature.TEXT},
    "container_upload": {"": Feature.UNSEATED},
    "mcp_tool_listing": {"": Feature.UNSEATED},
    "fallback": {"": Feature.HINT},
}

# What a tool gave back: media have a harder way there than in the open.
_RESULT: Mapping[str, Mapping[str, Feature]] = {
    "text": {"text": Feature.TOOL_RESULT, "citations": Feature.UNSEATED},
    "image": dict.fromkeys(BLOCKS["image"], Feature.TOOL_RESULT_MEDIA),
    "document": {
        member: feature if feature in (Feature.UNSEATED, Feature.TEXT) else Feature.TOOL_RESULT_MEDIA
        for member, feature in _DOCUMENT.items()
    },
    "search_result": _SEARCH_RESULT,
    "tool_reference": {"tool_name": Feature.TOOL_RESULT},
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
