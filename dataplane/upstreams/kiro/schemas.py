"""Tool schemas as Kiro's runtime host accepts them (S05 to S08).

The root must be an object; identity keywords, an empty `required` and null members are taken out;
everything else stays, in its order. Clients send the same schemas with every request, so results
are remembered by the schema's bytes.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache, wraps
from typing import Any
from urllib.parse import unquote

from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro import surrogates
from dataplane.wire import jsontext

EMPTY = b'{"type":"object","properties":{}}'
# Longer ones are rare and would make the memory's size depend on what clients send.
REMEMBERED_BYTES = 16 * 1024
REMEMBERED = 512
# How alternatives are introduced to the model.
UNIONS = {"anyOf": "Any of these forms", "oneOf": "Exactly one of these forms", "allOf": "All of these together"}

Schema = dict[str, Any]
Rewriting = Callable[[bytes], bytes]
Trail = tuple[Any, ...]


def remembered(rewrite: Callable[[Any], Any]) -> Rewriting:
    """`rewrite`, from parsed schema to schema, as a function of JSON texts.

    It gives EMPTY for no schema, and raises InvalidRequest for what is no JSON or nested too deeply.
    """

    def fresh(schema: bytes) -> bytes:
        try:
            return jsontext.dumps(rewrite(_load(schema)))
        except (ValueError, RecursionError) as error:
            raise InvalidRequest("a tool's schema is not JSON, or nested too deeply", param="tools") from error

    known = lru_cache(maxsize=REMEMBERED)(fresh)

    @wraps(rewrite)
    def accepted(schema: bytes) -> bytes:
        if not schema:
            return EMPTY
        return known(schema) if len(schema) <= REMEMBERED_BYTES else fresh(schema)

    return accepted


@remembered
def accepted(schema: Any) -> Schema:
    """A schema as the runtime host takes it."""
    return _root(clean(schema))


def _load(schema: bytes) -> Any:
    try:
        return jsontext.loads(schema)
    except ValueError:
        return jsontext.loads(surrogates.reread(schema))


def clean(schema: Any) -> Any:
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
            if names := _names(value):
                found[key] = names
        elif key in SCHEMAS_BY_NAME:
            found[key] = {name: clean(inner) for name, inner in value.items()} if isinstance(value, dict) else {}
        elif key in SCHEMAS:
            if value is not None:
                found[key] = [clean(inner) for inner in value] if isinstance(value, list) else clean(value)
        elif value is not None or key not in _NEVER_NULL:
            found[key] = value
    return found


def _names(required: Any) -> list[str]:
    """The names that may stand in `required`, each once."""
    return list(dict.fromkeys(name for name in required if isinstance(name, str))) if isinstance(required, list) else []


def _root(schema: Any) -> Schema:
    """S06: an object, whatever the schema was."""
    if not isinstance(schema, dict):
        return {"type": "object", "properties": {}}
    schema = followed(schema, schema)
    if not takes_object(schema):
        return wrapped(schema)
    if not UNIONS.keys().isdisjoint(schema):
        schema = _flattened(schema)
    return {**schema, "type": "object", "properties": schema.get("properties", {})}


def takes_object(schema: Schema) -> bool:
    """Whether a root asks for an object, or lets one pass among other things, or says nothing at all."""
    return _Forms(schema).is_object(schema)


def followed(schema: Schema, root: Schema) -> Schema:
    """A schema that refers to one of the root's definitions, merged with that definition.

    Chains end when a reference leads nowhere or was followed before.
    """
    seen: set[str] = set()
    while isinstance(reference := schema.get("$ref"), str) and reference not in seen and len(seen) < MAX_HOPS:
        seen.add(reference)
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        schema = joined(target(root, reference) or {}, rest)
    return {key: value for key, value in schema.items() if key != "$ref"}


def joined(definition: Schema, own: Schema) -> Schema:
    """What stands beside a reference holds as well as what is referred to."""
    found = {**definition, **own}
    for key in ("properties", "$defs", "definitions"):
        if key in definition and key in own:
            found[key] = {**definition[key], **own[key]}
    if "required" in definition and "required" in own:
        found["required"] = _names([*definition["required"], *own["required"]])
    return found


def target(root: Schema, reference: str) -> Schema | None:
    """What a reference within the document points at; None when it leads nowhere, elsewhere, or to the root."""
    at: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        at = _step(at, step.replace("~1", "/").replace("~0", "~"))
    # What is pointed at may stand where no schema does, and was then not cleaned yet.
    return clean(at) if isinstance(at, dict) and at is not root else None


def _step(at: Any, name: str) -> Any:
    if isinstance(at, list):
        return at[int(name)] if name.isdecimal() and len(name) < 6 and int(name) < len(at) else None
    return at.get(name, at.get(unquote(name))) if isinstance(at, dict) else None


def _flattened(schema: Schema) -> Schema:
    """A root of alternatives: one object with the properties of all, the alternatives told in words.

    Claude takes no union at the root, not even beside a type.
    """
    properties, required = _Forms(schema).members(schema)
    told = "\n".join(f"{UNIONS[key]}: {jsontext.dumps(schema[key]).decode()}" for key in UNIONS if key in schema)
    described = schema.get("description")
    found = {key: value for key, value in schema.items() if key not in UNIONS and key != "required"}
    found |= {"properties": properties, "description": f"{described}\n{told}" if isinstance(described, str) else told}
    if required:
        found["required"] = required
    return found


class _Forms:
    """The forms that a root's unions hold, at any depth.

    Definitions may hold themselves, which is followed once, or each other in great numbers, of
    which only so many are looked at. `trail` are the references that led to a form.
    """

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._left = MAX_FORMS

    def is_object(self, schema: Schema, trail: Trail = ()) -> bool:
        kind = schema.get("type")
        if kind and isinstance(kind, str | list):
            return kind == "object" or (isinstance(kind, list) and "object" in kind)
        if not _OBJECT.isdisjoint(schema):
            return True
        if not _OTHER.isdisjoint(schema):
            values = schema.get("enum", [schema.get("const")])
            return isinstance(values, list) and any(isinstance(value, dict) for value in values)
        forms = [(form, onward) for _, form, onward in self._within(schema, trail)]
        return not forms or any(self.is_object(form, onward) for form, onward in forms)

    def members(self, schema: Schema, trail: Trail = ()) -> tuple[Schema, list[str]]:
        """The properties of an object and of all its forms, and those that every form requires.

        A property that differs between the forms may be what any of them says.
        """
        variants: dict[str, list[Any]] = {name: [inner] for name, inner in schema.get("properties", {}).items()}
        required = dict.fromkeys(schema.get("required", ()))
        needed: dict[str, list[list[str]]] = {}
        for union, form, onward in self._within(schema, trail):
            if self.is_object(form, onward):
                properties, names = self.members(form, onward)
                needed.setdefault(union, []).append(names)
                for name, inner in properties.items():
                    if inner not in variants.setdefault(name, []):
                        variants[name].append(inner)
        for union, lists in needed.items():
            required.update(dict.fromkeys(_all_of(lists) if union == "allOf" else _in_each(lists)))
        return {name: inner[0] if len(inner) == 1 else {"anyOf": inner} for name, inner in variants.items()}, list(required)

    def _within(self, schema: Schema, trail: Trail) -> Iterator[tuple[str, Schema, Trail]]:
        for union in UNIONS:
            forms = schema.get(union)
            for form in forms if isinstance(forms, list) else ():
                if not isinstance(form, dict) or form.get("$ref") in trail or self._left <= 0:
                    continue
                self._left -= 1
                yield union, followed(form, self._root), (*trail, form["$ref"]) if "$ref" in form else trail


def _all_of(lists: list[list[str]]) -> list[str]:
    return [name for names in lists for name in names]


def _in_each(lists: list[list[str]]) -> list[str]:
    return [name for name in lists[0] if all(name in names for names in lists)]


def wrapped(schema: Schema) -> Schema:
    """A root that is no object, as the one property of an object.

    The wrapping stays on the way back: arguments are objects in both client protocols and in the
    events, and a root that is no object never takes one. When the client sends the call again as
    part of the history, it has the same form.
    """
    definitions: Schema = {key: schema[key] for key in ("$defs", "definitions") if key in schema}
    inner = {key: value for key, value in schema.items() if key not in definitions}
    return {"type": "object", "properties": {"value": inner}, "required": ["value"], **definitions}


# Far more than honest schemas have.
MAX_FORMS = 512
MAX_HOPS = 32
SCHEMAS_BY_NAME = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
SCHEMAS = frozenset(
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
_IDENTITY = frozenset({"$schema", "$id", "$anchor", "$comment"})
# Keywords that say by themselves that an object is meant, and those that may mean something else.
_OBJECT = frozenset(
    {
        "properties",
        "required",
        "additionalProperties",
        "patternProperties",
        "propertyNames",
        "minProperties",
        "maxProperties",
        "dependentSchemas",
    }
)
_OTHER = frozenset(
    {"enum", "const", "items", "prefixItems", "minItems", "maxItems", "minLength", "maxLength", "pattern", "minimum", "maximum"}
)
# Keywords for which null is not a value but a missing one; programs write it for what they leave out.
_NEVER_NULL = frozenset(
    {
        "type",
        "title",
        "description",
        "enum",
        "format",
        "pattern",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "$ref",
    }
)
