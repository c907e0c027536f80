"""Tool schemas as Kiro's runtime host accepts them (S05 to S08).

The root must be an object; identity keywords, an empty `required` and null members are taken out;
everything else stays, in its order. Clients send the same schemas with every request, so results
are remembered by the schema's bytes.
"""

from functools import lru_cache
from typing import Any

from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro import surrogates
from dataplane.wire import jsontext

EMPTY = b'{"type":"object","properties":{}}'
# Longer ones are rare and would make the memory's size depend on what clients send.
REMEMBERED_BYTES = 16 * 1024

Schema = dict[str, Any]


def accepted(schema: bytes) -> bytes:
    """`schema` as Kiro takes it. Raises InvalidRequest when it is no JSON or nested too deeply."""
    if not schema:
        return EMPTY
    return _remembered(schema) if len(schema) <= REMEMBERED_BYTES else _rewrite(schema)


@lru_cache(maxsize=512)
def _remembered(schema: bytes) -> bytes:
    return _rewrite(schema)


def _rewrite(schema: bytes) -> bytes:
    try:
        return jsontext.dumps(_root(_clean(_load(schema))))
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("a tool's schema is not JSON, or nested too deeply", param="tools") from error


def _load(schema: bytes) -> Any:
    try:
        return jsontext.loads(schema)
    except ValueError:
        return jsontext.loads(surrogates.reread(schema))


def _clean(schema: Any) -> Any:
    """The schema without what Kiro rejects, at every depth where a schema stands.

    Values that are data (enum, const, default, examples) are not looked into.
    """
    if not isinstance(schema, dict):
        return schema
    found: Schema = {}
    for key, value in schema.items():
        if key in _IDENTITY:
            continue
        if key == "required":
            names = [name for name in value if isinstance(name, str)] if isinstance(value, list) else []
            if names:
                found[key] = names
        elif key in _SCHEMAS_BY_NAME:
            found[key] = {name: _clean(inner) for name, inner in value.items()} if isinstance(value, dict) else {}
        elif key in _SCHEMAS:
            found[key] = [_clean(inner) for inner in value] if isinstance(value, list) else _clean(value)
        else:
            found[key] = value
    return found


def _root(schema: Any) -> Schema:
    """S06: an object, whatever the schema was."""
    if not isinstance(schema, dict):
        return {"type": "object", "properties": {}}
    schema = _followed(schema, schema)
    kind = schema.get("type")
    union = next((key for key in _UNIONS if isinstance(schema.get(key), list)), None)
    if kind is None and union:
        return _flattened(schema, union)
    if kind is None or kind == "object" or (isinstance(kind, list) and "object" in kind):
        return {**schema, "type": "object", "properties": schema.get("properties", {})}
    return _wrapped(schema)


def _followed(schema: Schema, root: Schema) -> Schema:
    """A root that only refers to one of its own definitions becomes that definition.

    Chains end when a reference leads nowhere or was followed before.
    """
    seen: set[str] = set()
    while isinstance(reference := schema.get("$ref"), str) and reference not in seen:
        seen.add(reference)
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**rest, **_target(root, reference)}
    return {key: value for key, value in schema.items() if key != "$ref"}


def _target(root: Schema, reference: str) -> Schema:
    at: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        at = at.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(at, dict) else None
    # What is pointed at may stand where no schema does, and was then not cleaned yet.
    return _clean(at) if isinstance(at, dict) and at is not root else {}


def _flattened(schema: Schema, union: str) -> Schema:
    """A root of alternatives: one object with the properties of all, the alternatives told in words."""
    branches = [_followed(branch, schema) for branch in schema[union] if isinstance(branch, dict)]
    objects = [branch for branch in branches if "properties" in branch or branch.get("type") == "object"]
    if not objects:
        return _wrapped(schema)
    properties: Schema = {}
    for source in (schema, *objects):
        for name, inner in source.get("properties", {}).items():
            properties.setdefault(name, inner)
    sets = [set(branch.get("required", ())) for branch in objects]
    required = set.union(*sets) if union == "allOf" else set.intersection(*sets)
    required |= set(schema.get("required", ()))
    told = f"{_UNIONS[union]}: {jsontext.dumps(schema[union]).decode()}"
    described = schema.get("description")
    rest = {key: value for key, value in schema.items() if key not in {union, "required"}}
    rest |= {"type": "object", "properties": properties, "description": f"{described}\n{told}" if isinstance(described, str) else told}
    if required:
        rest["required"] = sorted(required)
    return rest


def _wrapped(schema: Schema) -> Schema:
    """A root that is no object, as the one property of an object.

    Both client protocols want objects as arguments too, so the wrapping stays on the way back.
    """
    definitions: Schema = {key: schema[key] for key in ("$defs", "definitions") if key in schema}
    inner = {key: value for key, value in schema.items() if key not in definitions}
    return {"type": "object", "properties": {"value": inner}, "required": ["value"], **definitions}


_IDENTITY = frozenset({"$schema", "$id", "$anchor", "$comment"})
_SCHEMAS_BY_NAME = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_SCHEMAS = frozenset(
    {
        "items",
        "prefixItems",
        "additionalItems",
        "additionalProperties",
        "unevaluatedItems",
        "unevaluatedProperties",
        "contains",
        "propertyNames",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
        "if",
        "then",
        "else",
    }
)
# How the alternatives of a root are introduced to the model.
_UNIONS = {"anyOf": "Any of these forms", "oneOf": "Exactly one of these forms", "allOf": "All of these together"}
