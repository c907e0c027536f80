"""OpenAI Responses: POST /v1/responses.

The body is described in `body`, `content` and `tooling`; it is read by `parse` with its parts `recall`,
`turns`, `tools` and `options`, and answered by `encoder`; `fields` tells what becomes of each member.
"""

from collections.abc import Mapping, Sequence

from dataplane.conversation.kept import Recall, Recalled
from dataplane.conversation.model import Call, Stamp
from dataplane.dialects.base import Encoder, Listed
from dataplane.dialects.openai import errors, models, rates
from dataplane.dialects.openai_responses import parse, recall
from dataplane.dialects.openai_responses.encoder import StreamEncoder, WholeEncoder
from dataplane.errors import GatewayError
from dataplane.windows import Windows

# The one thing in an event stream that no client takes for an event.
COMMENT = b": \n\n"


class OpenAIResponses:
    """The dialect as the line sees it."""

    name = "openai-responses"
    keepalive = COMMENT
    heartbeat = COMMENT
    headers = ()

    def recalls(self, body: bytes) -> Recall | None:
        return recall.wanted(body)

    def parse(self, body: bytes, recalled: Recalled | None = None) -> Call:
        """Raises InvalidRequest naming the field at fault, and NotFound for what is referred to and not recalled."""
        call = parse.parse(body, recalled)
        # With something before it the body alone says less than the call.
        call.raw = b"" if recalled else body
        return call

    def encoder(self, call: Call, stamp: Stamp) -> Encoder:
        return StreamEncoder(call, stamp) if call.stream else WholeEncoder(call, stamp)

    def error(self, error: GatewayError, request_id: str) -> tuple[int, bytes]:  # noqa: ARG002 - OpenAI's shape has no seat for the id
        return errors.status(error), errors.render(error)

    def rate_headers(self, windows: Windows, now_ms: int) -> list[tuple[str, str]]:
        return rates.headers(windows, now_ms)

    def models(self, listed: Sequence[Listed], query: Mapping[str, str]) -> bytes:  # noqa: ARG002 - OpenAI's list has no pages
        return models.models(listed)

    def model(self, listed: Listed) -> bytes:
        return models.model(listed)
