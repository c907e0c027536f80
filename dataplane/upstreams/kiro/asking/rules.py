"""What Kiro demands of a request, and what becomes of a conversation that is otherwise: one row for each rule.

The ids are those of the Kiro rules, section 1. `docs/kiro.md` shows this table, refusals quote it,
and tests/dataplane/upstreams/kiro/test_rules.py holds it against the tests: each id has one of its own.
"""

from collections.abc import Iterator
from typing import NamedTuple


class Rule(NamedTuple):
    """A demand, what the gateway does about it, and where: functions of this package, or modules of the data plane."""

    demand: str
    done: str
    where: tuple[str, ...]


RULES: dict[str, Rule] = {
    # The envelope.
    "E01": Rule("no systemPrompt", "the system text opens the first user turn", ("entries.led", "check.check")),
    "E02": Rule("no foreign members", "bodies are built from a list of known members", ("body.body", "check.check")),
    "E03": Rule(
        "sampling parameters have no seat",
        "left out and reported as dropped; stop sequences and limits are kept by the gateway",
        ("body.body", "fidelity.FIDELITY"),
    ),
    "E04": Rule(
        "a well-formed profileArn of the account",
        "sent when it is well-formed; looked up once when the host asks for it",
        ("body.arn", "plan.chat", "check.check"),
    ),
    "E05": Rule("chatTriggerType is MANUAL", "a constant", ("body.body", "check.check")),
    "E06": Rule(
        "additionalModelRequestFields only as the model's schema lists them",
        "built from the schema, efforts brought to the nearest that is listed, left out when empty",
        ("reasoning.fields", "check.check"),
    ),
    "E07": Rule(
        "modelId is in the account's catalogue", "the model of the lease, which the control plane chose", ("body.body", "faults.refused")
    ),
    "E08": Rule(
        "conversationId is a UUID", "derived from the client's session, else from how the conversation begins", ("body.uuid", "check.check")
    ),
    "E09": Rule("origin is a known value", "a constant", ("body.body", "check.check")),
    "E10": Rule("agentTaskType is vibe", "a constant", ("body.body", "check.check")),
    "E11": Rule("envState on the command line's surface", "that surface is not used, so none is sent", ("body.body", "check.check")),
    "E12": Rule("valid UTF-8 and JSON", "halves of surrogate pairs become U+FFFD", ("body.body", "surrogates.mend", "check.check")),
    "E13": Rule(
        "no cachePoint", "never sent; equal conversations are equal bytes, which is what the cache goes by", ("body.body", "check.check")
    ),
    "E14": Rule("no empty collections", "left out", ("body.body", "check.check")),
    # The order of turns.
    "M01": Rule(
        "the user speaks first, and not with results",
        "the system text is a turn of its own in front; without one, a greeting",
        ("entries.led", "history.bound", "check.check"),
    ),
    "M02": Rule(
        "the user speaks last",
        "one sentence asks to continue; after words the client began itself, exactly there",
        ("history.bound", "history.shaped", "check.check"),
    ),
    "M03": Rule("the speakers take turns", "neighbours of one role become one turn", ("history.merge", "check.check")),
    "M04": Rule(
        "there are two roles only",
        "instructions in the middle join the user turn beside them; unknown roles are refused by the dialects",
        ("entries.folded", "check.check"),
    ),
    "M05": Rule("there is something to answer", "a system text alone is the message; nothing at all is refused", ("history.shaped",)),
    "M06": Rule("at most 10 000 turns", "refused; nothing is cut away", ("check.check",)),
    # Texts.
    "C01": Rule(
        "a user turn has text or results",
        "empty turns go; a message of nothing but pictures gets a sentence",
        ("history.drop", "images.fill", "check.check"),
    ),
    "C02": Rule("an answer has text or calls", "others go; signed reasoning moves to the next answer", ("history.drop", "check.check")),
    "C03": Rule("older hosts want text beside calls", "a single space there, nothing on the current hosts", ("body.body", "check.check")),
    "C04": Rule("content is a string", "texts are joined by an empty line", ("body.body", "check.check")),
    "C05": Rule(
        "older hosts bound the text of a message",
        "the rest is told in further turns; nothing visible is cut away",
        ("caps.capped", "check.check"),
    ),
    "C06": Rule(
        "made-up text is imitated by models", "as few notes as the rules leave, never the same twice in a row", ("history.collapse",)
    ),
    "C07": Rule("control characters are legal", "kept", ("entries.folded",)),
    "C08": Rule(
        "no thinking tags beside results",
        "they open the system text only, and the first turn has no results",
        ("instructions.thinking_tags",),
    ),
    # Calls and results.
    "T01": Rule(
        "each call is answered in the next user turn",
        "a missing result is told as interrupted",
        ("pairing.answer", "check.check"),
    ),
    "T02": Rule("results follow calls", "others become text, whole and with their id", ("pairing.narrate", "check.check")),
    "T03": Rule("one result for each call", "repetitions are one, with all that they say", ("pairing.dedupe", "check.check")),
    "T04": Rule(
        "the results of one answer are in one turn", "neighbours are merged before anything is judged", ("history.merge", "check.check")
    ),
    "T05": Rule(
        "results do not come late",
        "moved to the turn after their call, in front of what was said between",
        ("pairing.relocate", "check.check"),
    ),
    "T06": Rule("ids are 1 to 64 of A-Z a-z 0-9 _ -", "others get an alias that depends on the id alone", ("names.wire_id", "check.check")),
    "T07": Rule("ids are used once", "later ones are renamed with their results", ("pairing.distinguish", "check.check")),
    "T08": Rule("arguments are an object", "anything else is wrapped in one", ("tools.arguments", "check.check")),
    "T09": Rule(
        "tools that were called are declared",
        "a placeholder for those that are gone",
        ("names.names", "tools.specifications", "check.check"),
    ),
    "T10": Rule("one spelling of a name everywhere", "one map for declarations, history and answers", ("names.names", "check.check")),
    "T11": Rule("the form of results", "failed ones say so in their words too", ("body.body", "check.check")),
    "T12": Rule("results are not empty", "a mark stands for no output", ("body.body", "check.check")),
    "T13": Rule("results come in the order of their calls", "reordered", ("pairing.answer", "check.check")),
    "T14": Rule("a call with wrong arguments stays answerable", "kept, whatever the tool's schema says of it", ("tools.arguments",)),
    # Tools.
    "S01": Rule("names are 1 to 64 of A-Z a-z 0-9 _ -", "others get an alias, undone in answers", ("names.names", "check.check")),
    "S02": Rule("names are unique", "the same tool once, different ones under aliases", ("names.names", "check.check")),
    "S03": Rule("descriptions are not empty", "the name stands for one", ("tools.specifications", "check.check")),
    "S04": Rule(
        "descriptions are not too long", "the rest moves to the system text", ("tools.specifications", "tools.overflow", "check.check")
    ),
    "S05": Rule("each tool has a schema", "an empty object's for one that has none", ("schemas.accepted", "check.check")),
    "S06": Rule("a schema's root is an object", "alternatives are joined, other types wrapped", ("schemas.accepted", "check.check")),
    "S07": Rule(
        "no empty required or null properties", "taken out at every depth", ("schemas.accepted", "conservative.accepted", "check.check")
    ),
    "S08": Rule(
        "older hosts know few keywords",
        "there, or after a refusal, schemas are rebuilt of seven; the rest is told in descriptions",
        ("schemas.accepted", "conservative.accepted", "plan.chat", "check.check"),
    ),
    "S09": Rule("references cannot be resolved everywhere", "written out where schemas are rebuilt", ("conservative.accepted",)),
    "S10": Rule("the number of tools is not bounded", "all are declared", ("tools.specifications",)),
    "S11": Rule("tool_choice has no seat", "said in one sentence of the current turn", ("instructions.sentences",)),
    "S12": Rule("tools stand on the current message only", "declared there", ("body.body", "check.check")),
    # Pictures and files.
    "I01": Rule(
        "pictures stand on user turns", "those of an answer go to the turn that follows, a note stays", ("images.hoist", "check.check")
    ),
    "I02": Rule(
        "png, jpeg, gif or webp, and called what it is",
        "told by the bytes, others recoded before; what still differs is refused",
        ("upstream.Kiro", "images.format_of", "check.check"),
    ),
    "I03": Rule(
        "bytes in bare base64",
        "addresses are fetched before; what was not is refused",
        ("entries.folded", "images.format_of", "check.check"),
    ),
    "I04": Rule(
        "at most 5 MiB of base64",
        "made smaller before; what still is larger is refused",
        ("upstream.Kiro", "images.format_of", "check.check"),
    ),
    "I05": Rule(
        "at most 8000 pixels a side, 2000 among more than 20", "made smaller before; else refused", ("upstream.Kiro", "images.format_of")
    ),
    "I06": Rule(
        "at most 100 pictures", "the oldest become a note; more in the current turn alone are refused", ("images.limit", "check.check")
    ),
    "I07": Rule(
        "results hold no pictures",
        "moved to the same turn, numbers in their places, one line that tells the order",
        ("images.number", "check.check"),
    ),
    "I08": Rule(
        "files have no seat", "made text or pictures of pages before; what still is a file is refused", ("upstream.Kiro", "entries.folded")
    ),
    "I09": Rule("some models read no pictures", "refused when the catalogue says so", ("upstream.Kiro", "entries.folded", "check.check")),
    # Reasoning.
    "R01": Rule(
        "earlier reasoning is signed and unchanged",
        "unsigned reasoning stays here; after a refusal all of it, once",
        ("entries.folded", "plan.chat", "check.check"),
    ),
    "R02": Rule(
        "a signature is for one account and model", "tagged with its origin; foreign ones stay here", ("provenance.bare", "entries.folded")
    ),
    "R03": Rule("one piece of reasoning for each answer", "the last signed one", ("entries.folded",)),
    "R04": Rule("the payload of other families is opaque", "goes back as it came", ("entries.folded",)),
    "R05": Rule("models that reason are not told to", "tags for the others only", ("instructions.thinking_tags",)),
    # Size.
    "Z01": Rule(
        "the whole fits the model",
        "nothing is cut away; a refusal becomes the client's own error, at which it compacts",
        ("faults.refused",),
    ),
    "Z02": Rule("a conversation has an end", "told as Z01", ("faults.refused",)),
    "Z03": Rule("badly formed is not too long", "told apart by the reason", ("faults.refused",)),
}


def table() -> Iterator[str]:
    """The lines of a Markdown table."""
    yield "| rule | Kiro demands | the gateway | where |"
    yield "|---|---|---|---|"
    for name, rule in RULES.items():
        yield f"| {name} | {rule.demand} | {rule.done} | {', '.join(f'`{place}`' for place in rule.where)} |"
