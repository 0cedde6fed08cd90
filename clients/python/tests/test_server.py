"""TLS and tokens from arguments; tests/conformance has them from the environment."""

import pickle
import re

import pytest

import hpod
from hpod import _client, _server


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in ("HPOD_TLS_CA", "HPOD_TLS_CERT", "HPOD_TLS_KEY", "HPOD_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "address", ["a:1", "a.example:13000", "127.0.0.1:13000", "[::1]:65535", "b_c-d:9"]
)
def test_a_server_is_a_host_and_a_port(address):
    assert _server.resolve_server(address).address == address


@pytest.mark.parametrize(
    "address",
    ["localhost", "localhost:", "localhost:http", "http://localhost:13000", ":13000"]
    + ["localhost:13000/", "::1", "::1:13000", "localhost:123456", "a b:1", " ", 13000],
)
def test_a_server_that_is_no_host_and_port_is_refused_at_once(monkeypatch, address):
    expected = re.escape(f"the server is '{address}', but must be host:port")
    with pytest.raises(ValueError, match=expected):
        hpod.load_study("any", server=address)
    with pytest.raises(ValueError, match=expected):
        hpod.load_study("any", server=hpod.Server(address, token="mine"))
    monkeypatch.setenv("HPOD_SERVER", str(address))
    with pytest.raises(ValueError, match=expected):
        hpod.load_study("any")


def test_an_argument_precedes_the_environment(monkeypatch):
    monkeypatch.setenv("HPOD_TOKEN", "theirs")
    assert hpod.Server(token="mine").metadata() == [("authorization", "Bearer mine")]
    assert hpod.Server().metadata() == [("authorization", "Bearer theirs")]
    assert hpod.Server(token="").metadata() == []


@pytest.mark.parametrize(
    "given", [{"tls_cert": "c"}, {"tls_cert": "c", "tls_key": "k"}, {"tls_key": "k"}]
)
def test_an_incomplete_client_certificate_is_refused(given):
    with pytest.raises(ValueError, match="tls_cert, tls_key and tls_ca"):
        hpod.Server("127.0.0.1:9", **given).credentials()


def test_tls_is_on_with_a_ca_only():
    assert hpod.Server("127.0.0.1:9").credentials() is None
    assert hpod.Server("127.0.0.1:9", tls_ca="system").credentials() is not None


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.pem"):
        hpod.Server("127.0.0.1:9", tls_ca=str(tmp_path / "none.pem")).credentials()


def test_one_connection_per_server_and_credentials():
    same = [_client.connect(hpod.Server("127.0.0.1:9", token="a")) for _ in range(2)]
    assert same[0] is same[1]
    assert _client.connect(hpod.Server("127.0.0.1:9", token="b")) is not same[0]


def test_a_token_is_not_shown():
    assert "secret" not in repr(hpod.Server("127.0.0.1:9", token="secret"))


def test_a_pickled_study_takes_its_server_along(make_study):
    study = make_study()
    server = hpod.Server(study._client.server, token="mine")
    loaded = hpod.load_study(study.study_name, server=server)
    copy = pickle.loads(pickle.dumps(loaded))
    assert copy._client.target == _server.resolve_server(server)
