"""Tools and the choice among them."""

from msgspec import UNSET

from dataplane.conversation.model import Tool, ToolChoice
from dataplane.dialects.openai_chat import body as wire
from dataplane.errors import InvalidRequest


class Toolbox:
    """Reads the tools of a body; kinds that only a provider could run are dropped, not refused."""

    def __init__(self, dropped: list[str]) -> None:
        self.tools: list[Tool] = []
        self._dropped = dropped

    def read(self, body: wire.Body) -> None:
        for index, item in enumerate(body.tools or ()):
            if item.type == "function":
                self._add(item, f"tools[{index}]")
            else:
                self._dropped.append(f"tools[{index}]")
        for index, function in enumerate(body.functions or ()):
            self._define(function, f"functions[{index}]")

    def choice(self, body: wire.Body) -> ToolChoice:
        parallel = body.parallel_tool_calls is not False
        if body.tool_choice is not None:
            return self._choose(body.tool_choice, parallel)
        if isinstance(body.function_call, wire.Named):
            return self._named(body.function_call.name, "function_call.name", parallel)
        return mode(body.function_call or "auto", "function_call", parallel)

    def _add(self, item: wire.ToolItem, where: str) -> None:
        """Some clients leave out the inner object."""
        if item.function is not None:
            self._define(item.function, f"{where}.function")
        else:
            self._define(wire.Function(item.name, item.description, item.parameters, item.strict), where)

    def _define(self, function: wire.Function, where: str) -> None:
        if not function.name:
            raise InvalidRequest("A function must have a name.", param=f"{where}.name")
        if function.strict:
            self._dropped.append(f"{where}.strict")
        schema = b"" if function.parameters is UNSET else bytes(function.parameters)
        if schema == b"null":
            schema = b""
        if schema and not schema.startswith(b"{"):
            raise InvalidRequest("A function's parameters must be a JSON schema object.", param=f"{where}.parameters")
        self.tools.append(Tool(function.name, function.description or "", schema))

    def _choose(self, asked: str | wire.ToolChoiceItem, parallel: bool) -> ToolChoice:
        if isinstance(asked, str):
            return mode(asked, "tool_choice", parallel)
        if asked.type == "function":
            return self._named(asked.function.name if asked.function else asked.name, "tool_choice.function.name", parallel)
        if asked.type == "allowed_tools" and asked.allowed_tools is not None:
            # Which of the tools are allowed has no seat, that one must be called has.
            self._dropped.append("tool_choice.allowed_tools.tools")
            return mode(asked.allowed_tools.mode, "tool_choice.allowed_tools.mode", parallel)
        if asked.type in MODES:
            return mode(asked.type, "tool_choice.type", parallel)
        self._dropped.append("tool_choice")
        return ToolChoice(parallel=parallel)

    def _named(self, name: str, where: str, parallel: bool) -> ToolChoice:
        if all(tool.name != name for tool in self.tools):
            raise InvalidRequest("The function that must be called is not among the tools.", param=where)
        return ToolChoice("named", name, parallel)


def mode(asked: str, where: str, parallel: bool) -> ToolChoice:
    """A choice given by one word."""
    if asked == "auto":
        return ToolChoice("auto", parallel=parallel)
    if asked == "none":
        return ToolChoice("none", parallel=parallel)
    if asked in MODES:
        return ToolChoice("required", parallel=parallel)
    raise InvalidRequest("A choice must be 'auto', 'none', 'required' or name a function.", param=where)


# "any" is Anthropic's word for "required"; clients that speak both sometimes mix them up.
MODES = frozenset({"auto", "none", "required", "any"})
