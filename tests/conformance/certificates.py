"""Certificates of a test's own."""

from __future__ import annotations

import dataclasses
import pathlib
import subprocess


@dataclasses.dataclass(frozen=True)
class Pair:
    """PEM files of a certificate and its key."""

    cert: pathlib.Path
    key: pathlib.Path


def authority(folder: pathlib.Path, name: str) -> Pair:
    """A new authority."""
    pair = _paths(folder, name)
    _openssl("req", "-x509", *_new_key(pair, name), "-days", "2", "-out", pair.cert)
    return pair


def issue(folder: pathlib.Path, name: str, issuer: Pair) -> Pair:
    """A certificate by `issuer`, good for 127.0.0.1 and for clients."""
    pair, request = _paths(folder, name), folder / f"{name}.csr"
    extensions = folder / f"{name}.ext"
    extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    _openssl("req", *_new_key(pair, name), "-out", request)
    signer = ("-CA", issuer.cert, "-CAkey", issuer.key, "-CAcreateserial", "-days", "2")
    _openssl(
        "x509",
        "-req",
        "-in",
        request,
        *signer,
        "-extfile",
        extensions,
        "-out",
        pair.cert,
    )
    return pair


def _paths(folder: pathlib.Path, name: str) -> Pair:
    return Pair(folder / f"{name}.pem", folder / f"{name}.key")


def _new_key(pair: Pair, name: str) -> tuple[object, ...]:
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    return (*curve, "-keyout", pair.key, "-subj", f"/CN={name}")


def _openssl(*arguments: object) -> None:
    command = ["openssl", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
