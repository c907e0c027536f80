"""Pictures and files as OpenAI's protocols send them: by web address, as data URLs, or bare base64."""

from dataplane.conversation.model import Document, Image
from dataplane.errors import InvalidRequest

# What asks for no other detail than any image gets, as JSON text.
USUAL_DETAIL = frozenset({b"", b"null", b'""', b'"auto"'})


def picture(url: str | None, where: str) -> Image:
    """A picture by its web address, or as a data URL. Raises InvalidRequest naming `where`."""
    if not url:
        raise InvalidRequest("An image must have a URL.", param=where)
    if url[:8].lower().startswith(("http://", "https://")):
        return Image(url=url, where=where)
    if url[:5].lower() != "data:":
        raise InvalidRequest("An image URL must begin with http://, https:// or data:.", param=where)
    media_type, data = unpack(url, where)
    return Image(media_type, data, where=where)


def file(data: str, name: str, where: str) -> Document:
    """A file in base64, as a data URL or bare. Raises InvalidRequest naming `where`."""
    media_type = "application/pdf" if name.lower().endswith(".pdf") else "application/octet-stream"
    if data[:5].lower() == "data:":
        media_type, data = unpack(data, where)
    return Document(media_type, data, name=name, where=where)


def unpack(url: str, where: str) -> tuple[str, str]:
    """Media type and base64 text of a data URL (RFC 2397)."""
    head, comma, data = url.partition(",")
    media_type, *parameters = head[len("data:") :].lower().split(";")
    if not comma or "base64" not in [parameter.strip() for parameter in parameters]:
        raise InvalidRequest("A data URL must hold base64: data:<media type>;base64,<data>.", param=where)
    return media_type.strip(), data
