"""The Messages dialect: /v1/messages, /v1/messages/count_tokens, and models as its clients list them."""

from collections.abc import Mapping, Sequence

from dataplane.conversation import estimate
from dataplane.conversation.kept import Recalled
from dataplane.conversation.model import Call, Stamp
from dataplane.dialects.anthropic import errors, models, parse, rates
from dataplane.dialects.anthropic.encoder import Streamed, Whole
from dataplane.dialects.base import Listed
from dataplane.errors import GatewayError
from dataplane.windows import Windows
from dataplane.wire import jsontext


class Anthropic:
    """Before the first event only a comment is sure to be ignored by every client; after it, `ping` is part of the protocol."""

    name = "anthropic"
    family = parse.FAMILY
    keepalive = b": keep-alive\n\n"
    headers = ("anthropic-version", "anthropic-beta")
    heartbeat = b'event: ping\ndata: {"type":"ping"}\n\n'

    def recalls(self, body: bytes) -> None:  # noqa: ARG002 - each request holds its whole conversation
        return None

    def parse(self, body: bytes, recalled: Recalled | None = None) -> Call:  # noqa: ARG002 - as above
        """Raises InvalidRequest naming the field at fault."""
        call = parse.request(body)
        call.raw = body
        return call

    def parse_count(self, body: bytes) -> Call:
        """The body of a count, which needs neither `max_tokens` nor messages. Raises InvalidRequest."""
        return parse.count_request(body)

    def encoder(self, call: Call, stamp: Stamp) -> Streamed | Whole:
        return Streamed(call, stamp) if call.stream else Whole(call, stamp)

    def error(self, error: GatewayError, request_id: str) -> tuple[int, bytes]:
        return errors.status(error), errors.body(error, request_id)

    def rate_headers(self, windows: Windows, now_ms: int) -> list[tuple[str, str]]:  # noqa: ARG002 - resets are told as moments
        return rates.headers(windows)

    def count(self, call: Call) -> bytes:
        return jsontext.dumps({"input_tokens": estimate.prompt_tokens(call)})

    def models(self, listed: Sequence[Listed], query: Mapping[str, str]) -> bytes:
        """One page, as `limit`, `after_id` and `before_id` of the query have it. Raises InvalidRequest."""
        return models.page(listed, query)

    def model(self, listed: Listed) -> bytes:
        return models.single(listed)
