"""What pictures and files an endpoint takes as they are."""

from dataclasses import replace

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Call, Document, Image, Media
from dataplane.errors import InvalidRequest
from dataplane.upstreams.base import Lease, MediaRules
from dataplane.upstreams.openai.quirks import Quirks

# OpenAI's formats; sizes that every endpoint seen can hold in one request.
MEDIA = MediaRules(
    formats=frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"}),
    max_base64=20 * 1024 * 1024,
    max_side=8000,
    many=20,
    many_side=2000,
    documents=False,
    pages=20,
)
# A page without text could only be shown.
TEXT_ONLY = replace(MEDIA, pages=0)
FETCHED = replace(MEDIA, urls=True)
PDF = "application/pdf"


def rules(call: Call, lease: Lease, quirks: Quirks) -> MediaRules | None:
    """None where all of it may be sent as it is. Raises InvalidRequest for a picture where the model reads only text."""
    blind = bool(lease.input_types and "image" not in lease.input_types) or not quirks.takes(Feature.IMAGE)
    if blind and (picture := next((part for part in call.media if isinstance(part, Image)), None)):
        raise InvalidRequest(f"the model {call.model!r} does not read pictures", param=picture.where or "messages")
    if all(_fits(part, quirks) for part in call.media):
        return None
    return TEXT_ONLY if blind else FETCHED if quirks.urls else MEDIA


def _fits(part: Media, quirks: Quirks) -> bool:
    if isinstance(part, Document):
        plain = bool(part.text) and not part.data and not part.url
        return plain or (quirks.files and part.media_type == PDF and bool(part.data))
    if part.url:
        return quirks.urls
    return part.media_type in MEDIA.formats and len(part.data) <= MEDIA.max_base64
