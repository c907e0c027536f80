"""Tools, the hosted web search, and the choice among them."""

from collections.abc import Iterable, Sequence

from msgspec import UNSET

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Tool, ToolChoice, WebSearch
from dataplane.dialects.openai import custom
from dataplane.dialects.openai.choosing import MODES, SEARCH_NAME, WEB_SEARCH, filtered, mode, unseated
from dataplane.dialects.openai.findings import Findings
from dataplane.dialects.openai_responses import body as wire
from dataplane.dialects.openai_responses import tooling
from dataplane.dialects.openai_responses.names import Names
from dataplane.errors import InvalidRequest
from dataplane.wire.pruning import asks, written

Placed = Iterable[tuple[str, Sequence[tooling.ToolItem]]]


class Toolbox:
    """Reads the tools of a body; kinds that only their provider could run are dropped, not refused."""

    def __init__(self, findings: Findings) -> None:
        self.names = Names()
        self._findings = findings
        # By their names, each with its place. A tool that is declared again replaces the earlier one.
        self._tools: dict[str, tuple[Tool, str]] = {}
        self._web_search: WebSearch | None = None

    @property
    def tools(self) -> list[Tool]:
        return [tool for tool, _ in self._tools.values()]

    def read(self, lists: Placed) -> None:
        """The tools of all lists, each list at its place. The first pass is for names that must stay as they are."""
        every = [(item, where, index) for where, items in lists for index, item in enumerate(items)]
        if every:
            self._findings.ask(Feature.TOOLS, every[0][1])
        for item, _, _ in every:
            if isinstance(item, tooling.FunctionTool | tooling.CustomTool):
                self.names.take(item.name)
        for item, where, index in every:
            self._add(item, f"{where}[{index}]")

    def choice(self, body: wire.Body) -> ToolChoice:
        """The choice; a list of allowed tools also takes the others out of `tools`."""
        parallel = body.parallel_tool_calls is not False
        if not parallel:
            self._findings.ask(Feature.SERIAL_TOOL_CALLS, "parallel_tool_calls")
        if body.tool_choice is None:
            return ToolChoice(parallel=parallel)
        choice = self._choose(body.tool_choice, parallel)
        if choice.mode != "auto":
            self._findings.ask(Feature.TOOL_CHOICE, "tool_choice")
        return choice

    def searching(self, most: int | None) -> WebSearch | None:
        """The web search, if it may be made. It is the only tool that `max_tool_calls` can bound."""
        if self._web_search is not None and most is not None:
            self._web_search.max_uses = most
            self._findings.ask(Feature.WEB_SEARCH_USES, "max_tool_calls")
        return self._web_search

    def _add(self, item: tooling.ToolItem, where: str) -> None:
        match item:
            case tooling.FunctionTool() | tooling.CustomTool():
                self._keep(self._made(item, where), where)
            case tooling.Namespace():
                self._open(item, where)
            case tooling.WebSearch():
                self._search(item, where)
            case _:
                self._findings.drop(where)

    def _open(self, space: tooling.Namespace, where: str) -> None:
        """Upstreams know no namespaces; what this one is for is told with each of its tools."""
        if not space.name:
            raise InvalidRequest("A namespace must have a name.", param=f"{where}.name")
        for index, item in enumerate(space.tools or ()):
            place = f"{where}.tools[{index}]"
            if isinstance(item, tooling.Hosted):
                self._findings.drop(place)
                continue
            tool = self._made(item, place)
            tool.namespace, tool.own_name = space.name, tool.name
            tool.name = self.names.join(space.name, tool.own_name)
            tool.description = "\n\n".join(each for each in (space.description, tool.description) if each)
            self._keep(tool, place)

    def _keep(self, tool: Tool, where: str) -> None:
        earlier = self._tools.get(tool.name)
        if earlier is not None and earlier[0] != tool:
            self._findings.drop(earlier[1])
        self._tools[tool.name] = tool, where

    def _made(self, item: tooling.FunctionTool | tooling.CustomTool, where: str) -> Tool:
        if not item.name:
            raise InvalidRequest("A tool must have a name.", param=f"{where}.name")
        if isinstance(item, tooling.CustomTool):
            return custom.function(item.name, item.description or "", self._rules(item.format, f"{where}.format"))
        if asks(item.strict):
            self._findings.ask(Feature.STRICT_TOOLS, f"{where}.strict")
        schema = b"" if item.parameters is UNSET else bytes(item.parameters)
        if schema == b"null":
            schema = b""
        if schema and not schema.startswith(b"{"):
            raise InvalidRequest("A function's parameters must be a JSON schema object.", param=f"{where}.parameters")
        return Tool(item.name, item.description or "", schema, strict=asks(item.strict))

    def _rules(self, form: tooling.Form | None, where: str) -> str:
        """The grammar in words, "" for any text."""
        if form is None or form.type == "text":
            return ""
        if form.type != "grammar" or not form.definition:
            self._findings.drop(where)
            return ""
        return custom.grammar(form.syntax, form.definition)

    def _search(self, asked: tooling.WebSearch, where: str) -> None:
        """There is one web search; another is dropped with all it asks for."""
        if self._web_search is not None:
            self._findings.drop(where)
            return
        self._web_search = filtered(asked.filters, f"{where}.filters", self._findings)
        self._findings.ask(Feature.WEB_SEARCH, where)
        unseated(asked.search_context_size, asked.user_location, where, self._findings)
        if written(asked.external_web_access) == b"false":
            self._findings.drop(f"{where}.external_web_access")

    def _choose(self, asked: str | tooling.Choice, parallel: bool) -> ToolChoice:
        if isinstance(asked, str):
            return mode(asked, "tool_choice", parallel)
        if asked.type == "allowed_tools":
            self._allow(asked.tools or ())
            return mode(asked.mode, "tool_choice.mode", parallel)
        if asked.type in MODES:
            return mode(asked.type, "tool_choice.type", parallel)
        if self._hosted(asked):
            return ToolChoice("named", SEARCH_NAME, parallel)
        if asked.type not in ("function", "custom"):
            self._findings.drop("tool_choice")
            return ToolChoice(parallel=parallel)
        if self._picked(asked) not in self._tools:
            raise InvalidRequest("The tool that must be called is not among the tools.", param="tool_choice.name")
        return ToolChoice("named", self._picked(asked), parallel)

    def _hosted(self, asked: tooling.Pick) -> bool:
        """Whether it is the web search that is picked, and can be told from a function by its name."""
        return asked.type.startswith(WEB_SEARCH) and self._web_search is not None and SEARCH_NAME not in self._tools

    def _allow(self, picks: Sequence[tooling.Pick]) -> None:
        """Leave only those tools that are picked: to the model it is the same whether the others are away or forbidden."""
        if not picks:
            return
        names: set[str] = set()
        for index, pick in enumerate(picks):
            where = f"tool_choice.tools[{index}]"
            if pick.type == "namespace":
                names.update(tool.name for tool in self.tools if tool.namespace == pick.name)
            elif pick.type not in ("function", "custom"):
                continue
            elif self._picked(pick) in self._tools:
                names.add(self._picked(pick))
            else:
                raise InvalidRequest("A tool that is allowed is not among the tools.", param=where)
        self._tools = {name: kept for name, kept in self._tools.items() if name in names}
        if not any(pick.type.startswith(WEB_SEARCH) for pick in picks):
            self._web_search = None
            for feature in (Feature.WEB_SEARCH, Feature.WEB_SEARCH_DOMAINS):
                self._findings.asked.pop(feature, None)

    def _picked(self, pick: tooling.Pick) -> str:
        return self.names.called(pick.namespace or "", pick.name)
