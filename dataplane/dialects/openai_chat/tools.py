"""Tools, the hosted web search, and the choice among them."""

from msgspec import UNSET

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Tool, ToolChoice, WebSearch
from dataplane.dialects.openai import custom
from dataplane.dialects.openai.choosing import MODES, SEARCH_NAME, WEB_SEARCH, Filters, filtered, mode, unseated
from dataplane.dialects.openai.findings import Findings
from dataplane.dialects.openai_chat import body as wire
from dataplane.errors import InvalidRequest
from dataplane.wire.pruning import asks


class Toolbox:
    """Reads the tools of a body; kinds that only their provider could run are dropped, not refused."""

    def __init__(self, findings: Findings) -> None:
        self.tools: list[Tool] = []
        self.web_search: WebSearch | None = None
        self._findings = findings

    def read(self, body: wire.Body) -> None:
        if body.tools or body.functions:
            self._findings.ask(Feature.TOOLS, "tools" if body.tools else "functions")
        for index, item in enumerate(body.tools or ()):
            if item.type == "function":
                self._add(item, index)
            else:
                self._add_special(item, f"tools[{index}]")
        for index, function in enumerate(body.functions or ()):
            self._define(function, "functions[%d]", index)
        options = body.web_search_options
        # Beside a search tool, options that say nothing ask for no other search.
        if options is not None and not (self.web_search and options == wire.WebSearchOptions()):
            self._search(options, "web_search_options", None)

    def choice(self, body: wire.Body) -> ToolChoice:
        """The choice; a list of allowed tools also takes the others out of `tools`."""
        parallel = body.parallel_tool_calls is not False
        if not parallel:
            self._findings.ask(Feature.SERIAL_TOOL_CALLS, "parallel_tool_calls")
        # An answer of the old form has a seat for one call.
        parallel = parallel and (bool(body.tools) or not body.functions)
        where = "tool_choice" if body.tool_choice is not None else "function_call"
        asked = body.tool_choice if body.tool_choice is not None else body.function_call
        if asked is None:
            return ToolChoice(parallel=parallel)
        choice = self._choose(asked, where, parallel)
        if choice.mode != "auto":
            self._findings.ask(Feature.TOOL_CHOICE, where)
        return choice

    def _add(self, item: wire.ToolItem, index: int) -> None:
        """Some clients leave out the inner object."""
        if item.function is not None:
            self._define(item.function, "tools[%d].function", index)
        else:
            self._define(wire.Function(item.name, item.description, item.parameters, item.strict), "tools[%d]", index)

    def _add_special(self, item: wire.ToolItem, where: str) -> None:
        if item.type == "custom":
            # Some clients leave out the inner object here too.
            asked = item.custom or wire.CustomTool(item.name, item.description)
            self._add_custom(asked, f"{where}.custom" if item.custom else where)
        elif item.type.startswith(WEB_SEARCH):
            self._search(item, where, item.filters)
        else:
            self._findings.drop(where)

    def _add_custom(self, asked: wire.CustomTool, where: str) -> None:
        if not asked.name:
            raise InvalidRequest("A custom tool must have a name.", param=f"{where}.name")
        rules = self._rules(asked.format, f"{where}.format")
        self.tools.append(custom.function(asked.name, asked.description or "", rules))

    def _rules(self, form: wire.CustomFormat | None, where: str) -> str:
        """The grammar in words, "" for any text."""
        if form is None or form.type == "text":
            return ""
        if form.type != "grammar" or form.grammar is None:
            self._findings.drop(where)
            return ""
        return custom.grammar(form.grammar.syntax, form.grammar.definition)

    def _search(self, asked: wire.ToolItem | wire.WebSearchOptions, where: str, filters: Filters | None) -> None:
        """There is one web search; another is dropped with all it asks for."""
        if self.web_search is not None:
            self._findings.drop(where)
            return
        self.web_search = filtered(filters, f"{where}.filters", self._findings)
        self._findings.ask(Feature.WEB_SEARCH, where)
        unseated(asked.search_context_size, asked.user_location, where, self._findings)

    def _define(self, function: wire.Function, place: str, index: int) -> None:
        """Almost no function needs its path, so it is put together of `place` and `index` only where one does."""
        if not function.name:
            raise InvalidRequest("A function must have a name.", param=f"{place}.name" % index)
        if asks(function.strict):
            self._findings.ask(Feature.STRICT_TOOLS, f"{place}.strict" % index)
        schema = b"" if function.parameters is UNSET else bytes(function.parameters)
        if schema == b"null":
            schema = b""
        if schema and not schema.startswith(b"{"):
            raise InvalidRequest("A function's parameters must be a JSON schema object.", param=f"{place}.parameters" % index)
        self.tools.append(Tool(function.name, function.description or "", schema, strict=asks(function.strict)))

    def _choose(self, asked: str | wire.ToolChoiceItem | wire.Named, where: str, parallel: bool) -> ToolChoice:
        if isinstance(asked, str):
            return mode(asked, where, parallel)
        if isinstance(asked, wire.Named):
            return self._named(asked.name, f"{where}.name", parallel)
        if asked.type == "allowed_tools" and asked.allowed_tools is not None:
            if asked.allowed_tools.tools:
                self._allow(asked.allowed_tools.tools, f"{where}.allowed_tools.tools")
            return mode(asked.allowed_tools.mode, f"{where}.allowed_tools.mode", parallel)
        if asked.type in MODES:
            return mode(asked.type, f"{where}.type", parallel)
        if self._hosted(asked):
            return ToolChoice("named", SEARCH_NAME, parallel)
        if asked.type in ("function", "custom"):
            return self._named(picked(asked), f"{where}.{asked.type}.name", parallel)
        self._findings.drop(where)
        return ToolChoice(parallel=parallel)

    def _named(self, name: str, where: str, parallel: bool) -> ToolChoice:
        if not self._has(name):
            raise InvalidRequest("The function that must be called is not among the tools.", param=where)
        return ToolChoice("named", name, parallel)

    def _has(self, name: str) -> bool:
        return any(tool.name == name for tool in self.tools)

    def _hosted(self, asked: wire.Pick) -> bool:
        """Whether it is the web search that is picked, and can be told from a function by its name."""
        return asked.type.startswith(WEB_SEARCH) and self.web_search is not None and not self._has(SEARCH_NAME)

    def _allow(self, picks: list[wire.Pick], where: str) -> None:
        """Leave only those tools that are picked: to the model it is the same whether the others are away or forbidden."""
        names = {picked(pick) for pick in picks}
        known = {tool.name for tool in self.tools}
        for index, pick in enumerate(picks):
            if pick.type in ("function", "custom") and picked(pick) not in known:
                raise InvalidRequest("A tool that is allowed is not among the tools.", param=f"{where}[{index}]")
        self.tools = [tool for tool in self.tools if tool.name in names]
        if not any(pick.type.startswith(WEB_SEARCH) for pick in picks):
            self.web_search = None
            self._findings.asked.pop(Feature.WEB_SEARCH, None)
            self._findings.asked.pop(Feature.WEB_SEARCH_DOMAINS, None)


def picked(pick: wire.Pick) -> str:
    """The name in a pick; some clients leave out the inner object."""
    inner = pick.custom if pick.type == "custom" else pick.function
    return inner.name if inner is not None else pick.name
