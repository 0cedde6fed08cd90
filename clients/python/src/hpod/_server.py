"""Where the daemon is, and what to show it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from typing import List, Optional, Tuple, Union

from hpod import _fork  # noqa: F401  # before gRPC: sets what it reads when it starts

import grpc  # isort: skip

_SERVER_VARIABLE = "HPOD_SERVER"
_SERVER_DEFAULT = "127.0.0.1:13000"
# A name, a number or "[v6]", and a port: gRPC would take the port of https for a missing
# one, and everything else for a name that may exist some day.
_ADDRESS = re.compile(r"(\[[^\s\[\]]+\]|[^\s:/\[\]]+):[0-9]{1,5}")
# Instead of a file: the authorities that gRPC trusts by itself.
_SYSTEM = "system"


@dataclass(frozen=True)
class Server:
    """A daemon behind TLS or a token: `server=hpod.Server("host:443", tls_ca="ca.pem")`.

    The daemon itself has neither; a proxy in front of it may. What is None comes from
    the environment when the connection is opened, also of a process that a study is
    pickled to.

    Attributes:
        address: "host:port"; "": HPOD_SERVER, else 127.0.0.1:13000.
        tls_ca: turns TLS on: PEM file of the authorities to trust, or "system"; None:
            HPOD_TLS_CA, else no TLS.
        tls_cert: PEM file of the client's own certificate; None: HPOD_TLS_CERT.
        tls_key: PEM file of its key; None: HPOD_TLS_KEY.
        token: sent as `authorization: Bearer TOKEN`; None: HPOD_TOKEN. Without TLS,
            everybody on the way can read it.
    """

    address: str = ""
    tls_ca: Optional[str] = None
    tls_cert: Optional[str] = None
    tls_key: Optional[str] = None
    token: Optional[str] = field(default=None, repr=False)

    def metadata(self) -> List[Tuple[str, str]]:
        """What each call carries."""
        token = _given(self.token, "HPOD_TOKEN")
        return [("authorization", f"Bearer {token}")] if token else []

    def credentials(self) -> Optional[grpc.ChannelCredentials]:
        """Of a TLS channel; None: no TLS.

        Raises:
            ValueError: a certificate without its key or without `tls_ca`.
            OSError: a file cannot be read.
        """
        ca = _given(self.tls_ca, "HPOD_TLS_CA")
        cert = _given(self.tls_cert, "HPOD_TLS_CERT")
        key = _given(self.tls_key, "HPOD_TLS_KEY")
        if bool(cert) != bool(key) or (cert and not ca):
            raise ValueError(
                "a client certificate needs tls_cert, tls_key and tls_ca "
                f"(a file, or '{_SYSTEM}'), but they are '{cert}', '{key}' and '{ca}'"
            )
        if not ca:
            return None
        roots = None if ca == _SYSTEM else _read(ca)
        return grpc.ssl_channel_credentials(
            roots, _read(key) if key else None, _read(cert) if cert else None
        )


ServerLike = Union[str, Server]


def resolve_server(server: Optional[ServerLike]) -> Server:
    """`server` with its address: else HPOD_SERVER, else 127.0.0.1:13000.

    Raises:
        ValueError: the address is not "host:port".
    """
    given = server if isinstance(server, Server) else Server(server or "")
    address = given.address or os.environ.get(_SERVER_VARIABLE) or _SERVER_DEFAULT
    if not _ADDRESS.fullmatch(str(address)):
        raise ValueError(f"the server is '{address}', but must be host:port")
    return replace(given, address=address)


def _given(argument: Optional[str], variable: str) -> str:
    return os.environ.get(variable, "") if argument is None else argument


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
