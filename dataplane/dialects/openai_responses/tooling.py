"""Tools and the choice among them as they stand on the wire (client notes, section 2)."""

from typing import Literal, TypeAlias

from msgspec import UNSET, Struct

from dataplane.dialects.openai.choosing import Filters
from dataplane.wire.pruning import RawMember


class Wire(Struct, forbid_unknown_fields=True, gc=False):
    """As in `content`."""


class FunctionTool(Wire, tag_field="type", tag="function"):
    """`defer_loading`: the model shall see it only after a search for tools."""

    name: str = ""
    description: str | None = None
    parameters: RawMember = UNSET
    strict: RawMember = UNSET
    defer_loading: RawMember = UNSET


class Form(Wire):
    """`text` for any text, or `grammar`: rules in `syntax` lark or regex."""

    type: str = "text"
    syntax: str = ""
    definition: str = ""


class CustomTool(Wire, tag_field="type", tag="custom"):
    """A tool that takes one text instead of JSON."""

    name: str = ""
    description: str | None = None
    format: Form | None = None
    defer_loading: RawMember = UNSET


class Search(Wire):
    """`external_web_access` false: only pages that the provider holds already."""

    filters: Filters | None = None
    search_context_size: RawMember = UNSET
    user_location: RawMember = UNSET
    external_web_access: RawMember = UNSET


class WebSearch(Search, tag_field="type", tag="web_search"):
    """Other spellings of the kind are brought to this one."""


class Hosted(Struct, tag_field="type", tag="", gc=False):
    """A tool that only its provider could run; its members are not looked at."""


class ToolSearch(Struct, tag_field="type", tag="tool_search", gc=False):
    """Hosted too; named because Codex sends it with every request."""


class ImageGeneration(Struct, tag_field="type", tag="image_generation", gc=False):
    """As ToolSearch."""


InnerTool: TypeAlias = FunctionTool | CustomTool | Hosted


class Namespace(Wire, tag_field="type", tag="namespace"):
    """Tools under a common name."""

    name: str = ""
    description: str | None = None
    tools: list[InnerTool] | None = None


ToolItem: TypeAlias = FunctionTool | CustomTool | Namespace | WebSearch | ToolSearch | ImageGeneration | Hosted


class Pick(Wire):
    """One of the tools, by its name; a hosted one by its type alone."""

    type: str = ""
    name: str = ""
    namespace: str | None = None


class Choice(Pick):
    """With `mode` and `tools` one of several."""

    mode: Literal["auto", "required"] = "auto"
    tools: list[Pick] | None = None
