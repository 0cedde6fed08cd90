"""A gate in front of a daemon: TLS with certificates of both sides, and a bearer token."""

from __future__ import annotations

import subprocess
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Optional

import grpc


@dataclass(frozen=True)
class Certificates:
    """PEM files: an authority, and what it signed for 127.0.0.1 and for a client."""

    folder: Path

    @staticmethod
    def make(folder: Path) -> Certificates:
        _openssl(folder, "req", "-x509", *_NEW_KEY, "-keyout", "ca.key", "-out", "ca.pem",
                 "-subj", "/CN=test authority", "-days", "2")
        for name in ("server", "client"):
            (folder / f"{name}.ext").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
            _openssl(folder, "req", *_NEW_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
            _openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                     "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem")
        return Certificates(folder)

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


class Gate(grpc.GenericRpcHandler):
    """Passes unary calls with the token on to `daemon`, as they came; others are UNAUTHENTICATED."""

    def __init__(self, daemon: str, token: str, certificates: Certificates) -> None:
        self._token = token
        self._channel = grpc.insecure_channel(daemon)
        self._server = grpc.server(futures.ThreadPoolExecutor(4), handlers=[self])
        credentials = grpc.ssl_server_credentials(
            [(certificates.read("server.key"), certificates.read("server.pem"))],
            certificates.read("ca.pem"),
            require_client_auth=True,
        )
        self.address = f"127.0.0.1:{self._server.add_secure_port('127.0.0.1:0', credentials)}"

    def __enter__(self) -> Gate:
        self._server.start()
        return self

    def __exit__(self, *unused: Any) -> None:
        self._server.stop(None).wait()
        self._channel.close()

    def service(self, call: grpc.HandlerCallDetails) -> Optional[grpc.RpcMethodHandler]:
        return grpc.unary_unary_rpc_method_handler(lambda request, context: self._pass_on(call, request, context))

    def _pass_on(self, call: grpc.HandlerCallDetails, request: bytes, context: grpc.ServicerContext) -> bytes:
        if ("authorization", f"Bearer {self._token}") not in _pairs(call.invocation_metadata):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "the token is missing or wrong")
        try:
            return self._channel.unary_unary(call.method)(request, timeout=30)
        except grpc.RpcError as error:
            context.set_trailing_metadata(tuple(_pairs(error.trailing_metadata())))
            context.abort(error.code(), error.details())
            raise


def _pairs(metadata: Any) -> Iterator[tuple[str, Any]]:
    return ((key, value) for key, value in metadata or ())
