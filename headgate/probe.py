"""Is a service of this machine ready? One GET, without an HTTP library: the launcher has to be light."""

import asyncio
from urllib.parse import urlsplit

from headgate.logs import redact

ANSWER_SECONDS = 2.0
ANSWER_BYTES = 64 * 1024
SHOWN = 300  # characters of an answer that are shown to a person


async def unready(url: str) -> str | None:
    """None when `url` answers 200, else a phrase that says what it does instead."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await _get(host, port, parts.path)
    except TimeoutError:
        return f"does not answer on {parts.netloc}"
    except OSError:
        return f"does not listen on {parts.netloc}"
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")[2]
    if status.startswith("200"):
        return None
    said = redact(body.decode("utf-8", "replace")).strip()[:SHOWN]
    return f"answers {status.strip() or 'nonsense'} on {parts.netloc}{parts.path}: {said}".rstrip(": ")


async def _get(host: str, port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        # HTTP/1.0: the answer comes whole and unchunked, and its end is the end of the connection.
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("ascii"))
        answer = b""
        while len(answer) < ANSWER_BYTES and (piece := await reader.read(ANSWER_BYTES)):
            answer += piece
        return answer
    finally:
        writer.close()
