"""A gateway before the daemon: TLS with client certificates, and a token that each call must carry."""

from __future__ import annotations

import contextlib
from concurrent import futures
from typing import Any, Iterator, Optional

import grpc

from certificates import Pair

_CALL_SECONDS = 10.0


class _Forwarder(grpc.GenericRpcHandler):
    """Passes unary calls on, as bytes."""

    def __init__(self, upstream: grpc.Channel, token: str) -> None:
        self._upstream = upstream
        self._expected = ("authorization", f"Bearer {token}")

    def service(
        self, details: grpc.HandlerCallDetails
    ) -> Optional[grpc.RpcMethodHandler]:
        call = self._upstream.unary_unary(details.method)
        is_allowed = self._expected in [
            tuple(pair) for pair in details.invocation_metadata
        ]

        def forward(request: bytes, context: grpc.ServicerContext) -> Any:
            if not is_allowed:
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "no valid token")
            try:
                return call(request, timeout=_CALL_SECONDS, wait_for_ready=True)
            except grpc.RpcError as error:
                context.set_trailing_metadata(error.trailing_metadata() or ())
                context.abort(error.code(), error.details() or "")

        return grpc.unary_unary_rpc_method_handler(forward)


@contextlib.contextmanager
def gateway(upstream: str, server: Pair, ca: Pair, token: str) -> Iterator[str]:
    """Runs one; gives its address. Clients need a certificate of `ca`."""
    pairs = [(server.key.read_bytes(), server.cert.read_bytes())]
    credentials = grpc.ssl_server_credentials(pairs, ca.cert.read_bytes(), True)
    with grpc.insecure_channel(
        upstream, [("grpc.use_local_subchannel_pool", 1)]
    ) as channel:
        endpoint = grpc.server(futures.ThreadPoolExecutor(4))
        endpoint.add_generic_rpc_handlers([_Forwarder(channel, token)])
        port = endpoint.add_secure_port("127.0.0.1:0", credentials)
        endpoint.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            endpoint.stop(0).wait()
