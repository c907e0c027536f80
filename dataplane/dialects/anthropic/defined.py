"""Tools that Anthropic defines and clients run: a shell, an editor, a computer, a memory.

A request names them by `type` alone, as Claude knows them. Any other way to the model needs them
spelled out (Kiro rules, S05); the names of tools and arguments are those of the public API, which
the client's side of the tool goes by.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from dataplane.conversation.model import Tool
from dataplane.dialects.anthropic import body as wire
from dataplane.wire import jsontext

_TYPE = re.compile(r"(bash|text_editor|computer|memory)_(\d{8})")


def tool(asked: wire.Tool) -> Tool | None:
    """The tool that `asked.type` stands for, None when it is none of these."""
    found = _TYPE.fullmatch(asked.type or "")
    return BUILDERS[found[1]](asked, found[2]) if found else None


def own(asked: wire.Tool) -> Sequence[str]:
    """The members that tools of this kind have for themselves."""
    return OWN.get((asked.type or "").rpartition("_")[0], ())


def _bash(asked: wire.Tool, _version: str) -> Tool:
    told = (
        "Run a command in a bash shell. The shell lives on between calls, with its directory and variables. "
        "Give `command`, or `restart` to begin with a fresh shell."
    )
    properties = {"command": _text("The command to run."), "restart": _flag("True to start the shell anew.")}
    return Tool(asked.name or "bash", told, _object(properties))


def _text_editor(asked: wire.Tool, version: str) -> Tool:
    """The older editor can undo, and takes the text of an insertion as `new_str`."""
    older = version < "20250429"
    commands = ["view", "create", "str_replace", "insert", *(["undo_edit"] if older else [])]
    told = f"View, create and edit text files. {EDITING}"
    if older:
        told += " `undo_edit` takes back the last edit of `path`."
    if asked.max_characters:
        told += f" No more than {asked.max_characters} characters of a file are shown."
    inserted = {} if older else {"insert_text": _text("For insert: the text to put in.")}
    new = "For str_replace: the text to put in its place" + ("; for insert: the text to put in." if older else ".")
    properties = {
        "command": _one_of(commands, "What to do."),
        "path": _text("Absolute path of the file, or of the directory to view."),
        **_edits(new),
        **inserted,
    }
    name = "str_replace_editor" if older else "str_replace_based_edit_tool"
    return Tool(asked.name or name, told, _object(properties, "command", "path"))


def _memory(asked: wire.Tool, _version: str) -> Tool:
    told = (
        "Keep notes in files that outlast the conversation, in the directory /memories. Look there before you begin. "
        f"{EDITING} `delete` removes a file or a directory, `rename` moves `old_path` to `new_path`."
    )
    properties = {
        "command": _one_of(["view", "create", "str_replace", "insert", "delete", "rename"], "What to do."),
        "path": _text("Path of the file or directory, below /memories. For all but rename."),
        **_edits("For str_replace: the text to put in its place."),
        "insert_text": _text("For insert: the text to put in."),
        "old_path": _text("For rename: what is to be moved."),
        "new_path": _text("For rename: where to."),
    }
    return Tool(asked.name or "memory", told, _object(properties, "command"))


def _computer(asked: wire.Tool, version: str) -> Tool:
    newer, zooms = version >= "20250124", bool(asked.enable_zoom)
    actions = [*ACTIONS, *(NEWER_ACTIONS if newer else ()), *(["zoom"] if zooms else [])]
    told = "Use a computer by its screen, mouse and keyboard. Take a screenshot to see what is there and what an action did. "
    if asked.display_width_px and asked.display_height_px:
        told += f"The screen is {asked.display_width_px} pixels wide and {asked.display_height_px} high; "
    told += "(0, 0) is the upper left corner."
    properties = {
        "action": _one_of(actions, "What to do."),
        "coordinate": _numbers(2, "[x, y] in pixels: where to click, scroll or move the mouse, or where a drag ends."),
        "text": _text("For type: the text. For key and hold_key: keys such as Return or ctrl+s. For a click or scroll: keys to hold."),
        **(NEWER_ARGUMENTS if newer else {}),
        **({"region": _numbers(4, "For zoom: [x0, y0, x1, y1], the part of the screen to look at closely.")} if zooms else {}),
    }
    return Tool(asked.name or "computer", told, _object(properties, "action"))


def _edits(new: str) -> dict[str, Any]:
    return {
        "view_range": _numbers(2, "For view: first and last line to show, counted from 1; -1 as the last is the end of the file."),
        "file_text": _text("For create: the whole text of the file."),
        "old_str": _text("For str_replace: the text to replace, exactly as it is; it must occur once."),
        "new_str": _text(new),
        "insert_line": _integer("For insert: the line after which the text goes; 0 is the beginning of the file."),
    }


def _object(properties: dict[str, Any], *required: str) -> bytes:
    made: dict[str, Any] = {"type": "object", "properties": properties}
    return jsontext.dumps({**made, "required": required} if required else made)


def _text(told: str) -> dict[str, Any]:
    return {"type": "string", "description": told}


def _flag(told: str) -> dict[str, Any]:
    return {"type": "boolean", "description": told}


def _integer(told: str) -> dict[str, Any]:
    return {"type": "integer", "description": told}


def _numbers(count: int, told: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "integer"}, "minItems": count, "maxItems": count, "description": told}


def _one_of(names: list[str], told: str) -> dict[str, Any]:
    return {"type": "string", "enum": names, "description": told}


EDITING = (
    "`view` shows a file or lists a directory, `create` writes a whole file, `str_replace` replaces `old_str`, "
    "`insert` puts text after line `insert_line`."
)

ACTIONS = (
    "key",
    "type",
    "mouse_move",
    "left_click",
    "left_click_drag",
    "right_click",
    "middle_click",
    "double_click",
    "screenshot",
    "cursor_position",
)
NEWER_ACTIONS = ("left_mouse_down", "left_mouse_up", "triple_click", "scroll", "hold_key", "wait")
NEWER_ARGUMENTS = {
    "start_coordinate": _numbers(2, "[x, y] in pixels: where a drag begins."),
    "scroll_direction": _one_of(["up", "down", "left", "right"], "For scroll: which way."),
    "scroll_amount": _integer("For scroll: how many clicks of the wheel."),
    "duration": {"type": "number", "description": "For hold_key and wait: how many seconds."},
}

OWN = {"computer": ("display_width_px", "display_height_px", "enable_zoom"), "text_editor": ("max_characters",)}

BUILDERS: dict[str, Callable[[wire.Tool, str], Tool]] = {
    "bash": _bash,
    "text_editor": _text_editor,
    "computer": _computer,
    "memory": _memory,
}
