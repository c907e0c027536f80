"""The closed schemas of `additionalModelRequestFields`: as much of JSON Schema as those schemas use.

Texts follow the service's validator, numbers shown as it shows them (1024.0).
"""

import json
from typing import Any


def fault(value: Any, schema: dict[str, Any], path: str = "$") -> str | None:
    """What is wrong with `value`, in the service's words, or None."""
    if not _fits(value, schema["type"]):
        return f"{path}: {type(value).__name__} found, {schema['type']} expected"
    if "enum" in schema and value not in schema["enum"]:
        return f"{path}: does not have a value in the enumeration {json.dumps(schema['enum'])}"
    if "minimum" in schema and value < schema["minimum"]:
        return f"{path}: must have a minimum value of {float(schema['minimum'])}"
    if "maximum" in schema and value > schema["maximum"]:
        return f"{path}: must have a maximum value of {float(schema['maximum'])}"
    return _members(value, schema, path) if isinstance(value, dict) else None


def _members(value: dict[str, Any], schema: dict[str, Any], path: str) -> str | None:
    for name, member in value.items():
        known = schema["properties"].get(name)
        if known is None:
            return f"{path}: property '{name}' is not defined in the schema and the schema does not allow additional properties"
        found = fault(member, known, f"{path}.{name}")
        if found:
            return found
    return None


def _fits(value: Any, kind: str) -> bool:
    return isinstance(value, TYPES[kind]) and not (kind == "integer" and isinstance(value, bool))


TYPES: dict[str, type] = {"object": dict, "string": str, "integer": int}
