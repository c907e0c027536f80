"""What each member of a body asks for; docs/fidelity.md is written from it.

A path has `[]` behind the name of a list, and the type of an item or a tool in braces behind that. Other
braces tell apart what one member can mean; a path without them is all the rest.
"""

from collections.abc import Mapping

from dataplane.conversation.features import Feature
from dataplane.dialects.openai_responses.body import Unmodelled

Rows = Mapping[str, Feature]


def within(path: str, rows: Rows) -> Rows:
    return {f"{path}.{name}": feature for name, feature in rows.items()}


ITEM: Rows = {"id": Feature.GATEWAY, "status": Feature.HINT, "internal_chat_message_metadata_passthrough": Feature.HINT}
PART: Rows = {
    "type": Feature.TEXT,
    "text": Feature.TEXT,
    "refusal": Feature.TEXT,
    "image_url{data URL}": Feature.IMAGE,
    "image_url{web address}": Feature.IMAGE_URL,
    "image_url.url{data URL}": Feature.IMAGE,
    "image_url.url{web address}": Feature.IMAGE_URL,
    "image_url.detail": Feature.UNSEATED,
    "detail": Feature.UNSEATED,
    "file_id": Feature.GATEWAY,
    "file_data": Feature.DOCUMENT,
    "file_url": Feature.DOCUMENT_URL,
    "filename": Feature.DOCUMENT,
    "annotations": Feature.HINT,
    "logprobs": Feature.HINT,
    "parsed": Feature.HINT,
    "prompt_cache_breakpoint": Feature.HINT,
}
# What a part of a result says is the result, and pictures and files in it are a thing of their own.
_RESULT: Rows = {
    Feature.TEXT.name: Feature.TOOL_RESULT,
    Feature.IMAGE.name: Feature.TOOL_RESULT_MEDIA,
    Feature.IMAGE_URL.name: Feature.TOOL_RESULT_MEDIA,
    Feature.DOCUMENT.name: Feature.TOOL_RESULT_MEDIA,
    Feature.DOCUMENT_URL.name: Feature.TOOL_RESULT_MEDIA,
}
RESULT_PART: Rows = {name: _RESULT.get(feature.name, feature) for name, feature in PART.items()}
RESULT: Rows = {
    **ITEM,
    "call_id": Feature.TOOL_RESULT,
    "name": Feature.HINT,
    "namespace": Feature.HINT,
    "output": Feature.TOOL_RESULT,
    **within("output[]", RESULT_PART),
}
ITEMS: Mapping[str, Rows] = {
    "message": {
        **ITEM,
        "role": Feature.TEXT,
        "content": Feature.TEXT,
        "content{system, developer}": Feature.SYSTEM,
        "content{system, developer after the first turn}": Feature.LATER_INSTRUCTIONS,
        **within("content[]", PART),
        "phase": Feature.HINT,
    },
    "function_call": {
        **ITEM,
        **dict.fromkeys(("call_id", "name", "namespace", "arguments"), Feature.TOOL_CALL),
        "parsed_arguments": Feature.HINT,
    },
    "function_call_output": RESULT,
    "custom_tool_call": {**ITEM, **dict.fromkeys(("call_id", "name", "namespace", "input"), Feature.TOOL_CALL)},
    "custom_tool_call_output": RESULT,
    "reasoning": {
        **ITEM,
        **dict.fromkeys(("summary[].type", "summary[].text", "content[].type", "content[].text"), Feature.UNSIGNED_REASONING),
        "encrypted_content": Feature.REASONING,
        "encrypted_content{of thinking that only its provider can read}": Feature.REDACTED_REASONING,
        "encrypted_content{of another provider or gateway}": Feature.UNSEATED,
    },
    "web_search_call": {
        **ITEM,
        **dict.fromkeys(
            ("action.type", "action.query", "action.queries", "action.sources[].type", "action.sources[].url"), Feature.SEARCH_RESULTS
        ),
        "action.url": Feature.UNSEATED,
        "action.pattern": Feature.UNSEATED,
    },
    "item_reference": ITEM,
}
FUNCTION: Rows = {
    "name": Feature.TOOLS,
    "description": Feature.TOOLS,
    "parameters": Feature.TOOLS,
    "strict": Feature.STRICT_TOOLS,
    "defer_loading": Feature.HINT,
}
CUSTOM: Rows = {
    **dict.fromkeys(("name", "description", "format.type", "format.syntax", "format.definition"), Feature.TOOLS),
    "defer_loading": Feature.HINT,
}
INNER: Rows = {**within("tools[]{function}", FUNCTION), **within("tools[]{custom}", CUSTOM), "tools[]{other types}": Feature.UNSEATED}
TOOLS: Rows = {
    **INNER,
    **within("tools[]{namespace}", {"name": Feature.TOOLS, "description": Feature.TOOLS, **INNER}),
    "tools[]{web_search}": Feature.WEB_SEARCH,
    "tools[]{web_search}.filters.allowed_domains": Feature.WEB_SEARCH_DOMAINS,
    "tools[]{web_search}.filters.blocked_domains": Feature.WEB_SEARCH_DOMAINS,
    "tools[]{web_search}.search_context_size": Feature.UNSEATED,
    "tools[]{web_search}.user_location": Feature.UNSEATED,
    "tools[]{web_search}.external_web_access": Feature.UNSEATED,
}

FIELDS: Rows = {
    "model": Feature.MODEL,
    "instructions": Feature.SYSTEM,
    "input": Feature.TEXT,
    **{path: feature for kind, rows in ITEMS.items() for path, feature in within(f"input[]{{{kind}}}", rows).items()},
    **within("input[]{additional_tools}", {**ITEM, "role": Feature.HINT, **TOOLS}),
    "input[]{other types}": Feature.UNSEATED,
    "previous_response_id": Feature.GATEWAY,
    "store": Feature.GATEWAY,
    **TOOLS,
    "tool_choice": Feature.TOOL_CHOICE,
    "tool_choice.type": Feature.TOOL_CHOICE,
    "tool_choice.name": Feature.TOOL_CHOICE,
    "tool_choice.namespace": Feature.TOOL_CHOICE,
    "tool_choice.mode": Feature.TOOL_CHOICE,
    "tool_choice.tools[].type": Feature.GATEWAY,
    "tool_choice.tools[].name": Feature.GATEWAY,
    "tool_choice.tools[].namespace": Feature.GATEWAY,
    "tool_choice{other hosted tools}": Feature.UNSEATED,
    "parallel_tool_calls": Feature.SERIAL_TOOL_CALLS,
    "max_tool_calls": Feature.WEB_SEARCH_USES,
    "max_output_tokens": Feature.MAX_TOKENS,
    "temperature": Feature.TEMPERATURE,
    "top_p": Feature.TOP_P,
    "reasoning.effort": Feature.EFFORT,
    "reasoning.summary": Feature.THINKING_DISPLAY,
    "reasoning.generate_summary": Feature.THINKING_DISPLAY,
    "reasoning.context": Feature.UNSEATED,
    "reasoning.mode": Feature.UNSEATED,
    "text.format.type{text}": Feature.GATEWAY,
    "text.format.type{json_object}": Feature.JSON_OBJECT,
    "text.format.type{json_schema}": Feature.JSON_SCHEMA,
    "text.format.name": Feature.JSON_SCHEMA,
    "text.format.description": Feature.UNSEATED,
    "text.format.schema": Feature.JSON_SCHEMA,
    "text.format.strict": Feature.JSON_SCHEMA,
    "text.verbosity": Feature.UNSEATED,
    "truncation": Feature.GATEWAY,
    "include": Feature.GATEWAY,
    "include{others}": Feature.UNSEATED,
    "metadata": Feature.GATEWAY,
    "stream": Feature.GATEWAY,
    "stream_options.include_obfuscation": Feature.UNSEATED,
    "user": Feature.HINT,
    "safety_identifier": Feature.HINT,
    "prompt_cache_key": Feature.SESSION,
    "prompt_cache_options": Feature.HINT,
    "prompt_cache_retention": Feature.HINT,
    "client_metadata": Feature.HINT,
    "background": Feature.GATEWAY,
    "conversation": Feature.GATEWAY,
    "prompt": Feature.GATEWAY,
    **dict.fromkeys(Unmodelled.__struct_fields__, Feature.UNMODELLED),
}

# What the feature alone does not tell: the dialect's own part in it.
_PICKED = "The other tools are left out of the request."
_RULES = "Told to the model in words; it is not enforced."
_ALSO: Mapping[str, str] = {
    ".id": "Answers and items are kept under their ids.",
    "item_reference}.id": "The item itself takes its place; an id that is not kept is refused.",
    ".file_id": "Refused: uploaded files are not kept.",
    ".defer_loading": "The model sees the tool at once.",
    "{custom}.name": "A custom tool becomes a function with the one argument `input`; its calls come back as custom calls.",
    ".format.definition": _RULES,
    "{namespace}.name": "The tool's name is made of both names; its calls come back with the namespace and its own name.",
    "{namespace}.description": "Told with each tool in it.",
    "}.encrypted_content": "Made by this gateway: the provider's proof of the thinking in the same item.",
}
NOTES: Mapping[str, str] = {
    **{path: note for end, note in _ALSO.items() for path in FIELDS if path.endswith(end)},
    "previous_response_id": "What was said before is put in front; an id that is not kept is refused.",
    "store": "The answer is kept unless this is false.",
    "tool_choice.tools[].type": _PICKED,
    "tool_choice.tools[].name": _PICKED,
    "tool_choice.tools[].namespace": _PICKED,
    "max_tool_calls": "Web search is the only tool it can bound.",
    "reasoning.summary": "Thinking is shown in any case.",
    "reasoning.generate_summary": "The older name of `summary`.",
    "text.format.type{text}": "What every answer is.",
    "truncation": "Conversations that grow too long are shortened either way.",
    "include": "Encrypted reasoning and the sources of a search are in every answer.",
    "metadata": "Given back with the answer.",
    "background": "Refused unless it is false.",
    "conversation": "Refused.",
    "prompt": "Refused: prompt templates are not offered.",
}
