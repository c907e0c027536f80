"""The strict checker: a body and the account's terms in, None or the service's refusal out.

Rule ids are those of the Kiro validation notes. Each row says which check finds the fault and how the service
words it; the first broken rule answers. Rules with several texts have several rows. The runtime and the legacy
service differ twice: some rules are enforced by the legacy service only, and that service leaves the reason of a
badly formed request null.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.simulators.kiro import form, images, pairing, reasoning, specs
from tests.simulators.kiro.request import NotJson, Request
from tests.simulators.kiro.terms import Rejection, Terms

Check = Callable[[Request, Terms], str | None]


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a fault is worded. In `message`, `{}` stands for what the check found; where there is none, that stays in the record."""

    message: str
    reason: str | None
    legacy_reason: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    check: Check
    refusal: Refusal
    legacy_only: bool = False


def check(body: bytes, terms: Terms) -> Rejection | None:
    """Judge a chat request's body."""
    try:
        request = Request.parse(body)
    except NotJson as error:
        return _reject("E12", NOT_JSON, str(error), terms)
    return judge(request, terms)


def judge(request: Request, terms: Terms) -> Rejection | None:
    """The same for a body that is JSON."""
    for rule in RULES:
        if rule.legacy_only and terms.profile != "legacy" and not (terms.picky and rule.id in PICKY):
            continue
        found = rule.check(request, terms)
        if found is not None:
            return _reject(rule.id, rule.refusal, found, terms)
    return None


def check_arn(arn: str | None, terms: Terms) -> Rejection | None:
    """The same judgement for the calls that carry nothing but a profile."""
    request = Request({} if arn is None else {"profileArn": arn})
    for rule in RULES:
        found = rule.check(request, terms) if rule.id == "E04" else None
        if found is not None:
            return _reject(rule.id, rule.refusal, found, terms)
    return None


def _reject(rule: str, refusal: Refusal, found: str, terms: Terms) -> Rejection:
    reason = refusal.legacy_reason if terms.profile == "legacy" else refusal.reason
    return Rejection(rule, 400, {"message": refusal.message.format(found), "reason": reason}, found)


def _worded(message: str, reason: str | None) -> Refusal:
    """Both services give this reason."""
    return Refusal(message, reason, reason)


NOT_JSON = Refusal("The request body is not valid JSON.", "REQUEST_BODY_INVALID", None)
IMPROPER = Refusal("Improperly formed request.", "REQUEST_BODY_INVALID", None)
TOOL_FORMAT = Refusal("Invalid tool use format.", "REQUEST_BODY_INVALID", None)
AS_FOUND = Refusal("{}", "REQUEST_BODY_INVALID", None)
ARN_MISSING = _worded("{}", None)
ARN_FOREIGN = _worded("Invalid profileArn.", None)
CONVERSATION_ID = _worded("Improperly formed request.", "INVALID_CONVERSATION_ID")
MODEL_ID = _worded("Invalid model ID. Please select a different model to continue.", "INVALID_MODEL_ID")
TOO_LONG = _worded("Input is too long.", "CONTENT_LENGTH_EXCEEDS_THRESHOLD")
MISMATCH = _worded("Bedrock error message: {}", "TOOL_USE_RESULT_MISMATCH")
DUPLICATE = _worded("Bedrock error message: {}", "TOOL_DUPLICATE")
SCHEMA = _worded("Bedrock error message: {}", "TOOL_SCHEMA_INVALID")
IMAGE_FORMAT = _worded("Could not process image", "IMAGE_FORMAT_UNSUPPORTED")
IMAGE_MIME = _worded("Could not process image", "IMAGE_MIME_MISMATCH")
IMAGE_DIMENSION = _worded("{}", "IMAGE_DIMENSION_EXCEEDED")
IMAGE_COUNT = _worded("{}", "IMAGE_COUNT_EXCEEDED")
SIGNATURE = _worded("Invalid signature in thinking block", "THINKING_SIGNATURE_INVALID")

# What a runtime service that is particular about schemas refuses besides.
PICKY = frozenset({"S07", "S08"})

RULES: tuple[Rule, ...] = (
    # The envelope.
    Rule("E01", form.system_prompt, IMPROPER),
    Rule("E02", form.members, IMPROPER),
    Rule("E02", form.state_present, IMPROPER),
    Rule("M02", form.ends_with_user, IMPROPER),
    Rule("M02", form.one_role, IMPROPER),
    Rule("C04", form.contents, IMPROPER),
    Rule("E04", form.arn_missing, ARN_MISSING),
    Rule("E04", form.arn_malformed, IMPROPER),
    Rule("E04", form.arn_foreign, ARN_FOREIGN),
    Rule("E05", form.trigger, IMPROPER),
    Rule("E08", form.conversation_id, CONVERSATION_ID),
    Rule("E09", form.origin, IMPROPER),
    Rule("E10", form.task_type, IMPROPER),
    Rule("M06", pairing.history_length, IMPROPER),
    Rule("Z01", form.size, TOO_LONG),
    Rule("E07", form.model_id, MODEL_ID),
    Rule("E06", form.request_fields, AS_FOUND),
    # Tool specifications.
    Rule("E13", specs.cache_points, IMPROPER, legacy_only=True),
    Rule("S05", specs.schemas, IMPROPER),
    Rule("S01", specs.names, TOOL_FORMAT),
    Rule("S03", specs.descriptions, TOOL_FORMAT),
    Rule("S04", specs.long_descriptions, IMPROPER, legacy_only=True),
    Rule("S02", specs.unique_names, DUPLICATE),
    Rule("S06", specs.root_type, SCHEMA),
    Rule("S07", specs.empty_keywords, IMPROPER, legacy_only=True),
    Rule("S08", specs.keywords, IMPROPER, legacy_only=True),
    # Tool traffic. Displaced results leave their use unanswered too, so where they went is asked first.
    Rule("T06", pairing.use_ids, TOOL_FORMAT),
    Rule("T10", pairing.use_names, TOOL_FORMAT),
    Rule("T08", pairing.use_inputs, IMPROPER),
    Rule("T11", pairing.result_shape, IMPROPER),
    Rule("C05", form.long_texts, TOO_LONG, legacy_only=True),
    Rule("T07", pairing.repeated_uses, MISMATCH),
    Rule("T04", pairing.scattered, MISMATCH),
    Rule("T05", pairing.displaced, MISMATCH),
    Rule("T01", pairing.unanswered, MISMATCH),
    Rule("T02", pairing.unasked, MISMATCH),
    Rule("T03", pairing.repeated_results, MISMATCH),
    Rule("T03", pairing.orphans, MISMATCH),
    Rule("T09", pairing.undeclared, IMPROPER),
    # Turns.
    Rule("M01", pairing.starts_with_user, IMPROPER, legacy_only=True),
    Rule("M03", pairing.alternating, IMPROPER),
    Rule("C01", pairing.user_content, IMPROPER),
    Rule("C02", pairing.assistant_content, IMPROPER),
    Rule("C03", pairing.assistant_text, IMPROPER, legacy_only=True),
    # Images.
    Rule("I03", images.shape, IMPROPER),
    Rule("I06", images.count, IMAGE_COUNT),
    Rule("I04", images.size, AS_FOUND),
    Rule("I02", images.known, IMAGE_FORMAT),
    Rule("I02", images.labelled, IMAGE_MIME),
    Rule("I05", images.dimensions, IMAGE_DIMENSION),
    Rule("I09", images.seen, IMPROPER),
    # Reasoning.
    Rule("R02", reasoning.foreign, SIGNATURE),
    Rule("R01", reasoning.forged, SIGNATURE),
)
