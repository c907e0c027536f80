"""gRPC between the planes: servers and channels with the same limits, keep-alive and shared secret."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

# A conversation at the client body limit (32 MiB) must fit into one message, with its overhead.
MESSAGE_BYTES = 64 * 1024 * 1024
OPTIONS: list[tuple[str, Any]] = [
    ("grpc.max_send_message_length", MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MESSAGE_BYTES),
    # A dead peer is noticed within half a minute although no call is open for long.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
]
TOKEN_HEADER = "x-headgate-rpc-token"  # noqa: S105 - the name of a header
# Trailing metadata of a NOT_FOUND that is about one item of several: its id, as bytes.
ABSENT_ITEM = "x-headgate-absent-item-bin"


def metadata(token: str | None) -> tuple[tuple[str, str], ...]:
    """What each call must carry."""
    return ((TOKEN_HEADER, token),) if token else ()


def channel(address: str, reconnect_ms: int = 1000) -> grpc.aio.Channel:
    """A channel that keeps trying: the peer may start later, or come back."""
    backoff = [
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", reconnect_ms),
    ]
    return grpc.aio.insecure_channel(address, options=[*OPTIONS, *backoff])


def server(listen: str, token: str | None) -> grpc.aio.Server:
    """A server bound to `listen`; raises RuntimeError when the address is taken."""
    made = grpc.aio.server(interceptors=[Guard(token)] if token else [], options=[*OPTIONS, ("grpc.so_reuseport", 0)])
    made.add_insecure_port(listen)
    return made


class Guard(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # generic in the stubs only
    """Refuses calls that do not carry the shared secret."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any]]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any]:
        presented = dict(handler_call_details.invocation_metadata).get(TOKEN_HEADER, "")
        handler = await continuation(handler_call_details)
        if handler is None or hmac.compare_digest(str(presented).encode(), self._token):
            return handler
        return _refusing(handler)


def _refusing(handler: grpc.RpcMethodHandler[Any, Any]) -> grpc.RpcMethodHandler[Any, Any]:
    """A handler of the same shape that aborts."""

    async def unary(_request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the shared secret between the services is missing or wrong")

    async def stream(_request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the shared secret between the services is missing or wrong")
        yield None  # type: ignore[unreachable]  # makes this a generator, as the handler's shape demands

    codec = {
        "request_deserializer": handler.request_deserializer,
        "response_serializer": handler.response_serializer,
    }
    shape = (handler.request_streaming, handler.response_streaming)
    return SHAPES[shape](stream if handler.response_streaming else unary, **codec)


# By (request is a stream, response is a stream): what makes a handler of that shape.
SHAPES: dict[tuple[bool, bool], Callable[..., grpc.RpcMethodHandler[Any, Any]]] = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}
