"""What the structs of a body do not name, taken out and noted."""

from typing import Any

from dataplane.dialects.openai_chat import body as wire


def prune(value: Any, model: type[wire.Wire], path: str, dropped: list[str]) -> None:
    """Take the members that `model` does not name out of decoded JSON, noting those that ask for something.

    Null, false, zero and empty values ask for nothing.
    """
    if isinstance(value, list):
        for index, item in enumerate(value):
            prune(item, model, f"{path}[{index}]", dropped)
    elif isinstance(value, dict):
        for name in list(value):
            if name in model.__struct_fields__:
                if inner := MEMBERS[model].get(name):
                    prune(value[name], inner, join(path, name), dropped)
            elif value.pop(name):
                dropped.append(join(path, name))


def join(path: str, name: str) -> str:
    """The path of a member. Paths end up in a response header: a name that is not plain is quoted and cut."""
    if plain(name):
        return f"{path}.{name}" if path else name
    return f"{path}[{name[:40]!a}]"


def plain(name: str) -> bool:
    """Whether a member's name is one that an API would choose."""
    return len(name) <= 80 and name.isascii() and name.replace("-", "_").replace(".", "_").isidentifier()


# Which members hold objects, or lists of objects, with named members of their own.
MEMBERS: dict[type[wire.Wire], dict[str, type[wire.Wire]]] = {
    wire.Body: {
        "messages": wire.Message,
        "tools": wire.ToolItem,
        "tool_choice": wire.ToolChoiceItem,
        "functions": wire.Function,
        "function_call": wire.Named,
        "stream_options": wire.StreamOptions,
        "reasoning": wire.ReasoningItem,
        "response_format": wire.ResponseFormat,
        "web_search_options": wire.WebSearchOptions,
    },
    wire.Message: {"content": wire.Part, "tool_calls": wire.ToolCallItem, "function_call": wire.FunctionCall},
    wire.Part: {"image_url": wire.ImageUrl, "file": wire.FileItem},
    wire.ToolCallItem: {"function": wire.FunctionCall, "custom": wire.CustomCall},
    wire.ToolItem: {"function": wire.Function, "custom": wire.CustomTool, "filters": wire.Filters},
    wire.ToolChoiceItem: {"function": wire.Named, "allowed_tools": wire.AllowedTools, "custom": wire.Named},
    wire.AllowedTools: {"tools": wire.Pick},
    wire.Pick: {"function": wire.Named, "custom": wire.Named},
    wire.CustomTool: {"format": wire.CustomFormat},
    wire.CustomFormat: {"grammar": wire.Grammar},
    wire.ResponseFormat: {"json_schema": wire.JsonSchema},
    wire.FunctionCall: {},
    wire.CustomCall: {},
    wire.ImageUrl: {},
    wire.FileItem: {},
    wire.Function: {},
    wire.Named: {},
    wire.StreamOptions: {},
    wire.ReasoningItem: {},
    wire.Grammar: {},
    wire.Filters: {},
    wire.WebSearchOptions: {},
    wire.JsonSchema: {},
}
