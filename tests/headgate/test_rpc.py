"""The shared secret between the services, on a real server, for every shape of call."""

import asyncio

import grpc
import pytest

from headgate import rpc

TOKEN = "0123456789abcdef"
SHAPES = ["unary_unary", "unary_stream", "stream_unary", "stream_stream"]


async def _whole(request, context):
    return request


async def _each(request, context):
    yield request


async def _join(requests, context):
    return b"".join([request async for request in requests])


async def _echo(requests, context):
    async for request in requests:
        yield request


HANDLERS = grpc.method_handlers_generic_handler(
    "test.Echo",
    {
        "unary_unary": grpc.unary_unary_rpc_method_handler(_whole),
        "unary_stream": grpc.unary_stream_rpc_method_handler(_each),
        "stream_unary": grpc.stream_unary_rpc_method_handler(_join),
        "stream_stream": grpc.stream_stream_rpc_method_handler(_echo),
    },
)


async def call(port, shape, metadata):
    """What one call answers, as bytes."""
    async with rpc.channel(f"127.0.0.1:{port}") as channel:
        method = getattr(channel, shape)(f"/test.Echo/{shape}")
        sent = iter([b"hello"]) if shape.startswith("stream") else b"hello"
        begun = method(sent, metadata=metadata, timeout=5, wait_for_ready=True)
        if shape.endswith("unary"):
            return await begun
        return b"".join([piece async for piece in begun])


async def served(port, token, calls):
    server = rpc.server(f"127.0.0.1:{port}", token)
    server.add_generic_rpc_handlers((HANDLERS,))
    await server.start()
    try:
        return await asyncio.gather(*(call(port, *each) for each in calls), return_exceptions=True)
    finally:
        await server.stop(None)


async def test_the_right_token_passes_every_shape(free_port):
    answers = await served(free_port, TOKEN, [(shape, rpc.metadata(TOKEN)) for shape in SHAPES])
    assert answers == [b"hello"] * 4


@pytest.mark.parametrize("presented", [None, "", "wrong", TOKEN + "0", TOKEN[:-1]])
async def test_a_missing_or_wrong_token_is_refused_in_every_shape(free_port, presented):
    metadata = ((rpc.TOKEN_HEADER, presented),) if presented is not None else ()
    answers = await served(free_port, TOKEN, [(shape, metadata) for shape in SHAPES])
    assert [answer.code() for answer in answers] == [grpc.StatusCode.UNAUTHENTICATED] * 4
    assert all(TOKEN not in answer.details() for answer in answers)


async def test_without_a_secret_everybody_passes(free_port):
    assert await served(free_port, None, [("unary_unary", ())]) == [b"hello"]


async def test_a_taken_address_is_refused(free_port):
    first = rpc.server(f"127.0.0.1:{free_port}", None)
    await first.start()
    try:
        with pytest.raises(RuntimeError, match="bind"):
            rpc.server(f"127.0.0.1:{free_port}", None)
    finally:
        await first.stop(None)


async def test_a_conversation_at_the_body_limit_fits(free_port):
    server = rpc.server(f"127.0.0.1:{free_port}", None)
    server.add_generic_rpc_handlers((HANDLERS,))
    await server.start()
    async with rpc.channel(f"127.0.0.1:{free_port}") as channel:
        big = b"x" * (33 * 1024 * 1024)
        assert len(await channel.unary_unary("/test.Echo/unary_unary")(big, timeout=10)) == len(big)
    await server.stop(None)
