"""Every client through a gateway that has TLS, wants a client certificate, and a token."""

from __future__ import annotations

import pathlib
from typing import Iterator

import pytest

import scenario
from certificates import Pair, authority, issue
from gateway import gateway
from languages import Language
from observer import observe
from runner import Runner
from stage import Stage, running_daemon

_TOKEN = "open-sesame"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def ca(folder: pathlib.Path) -> Pair:
    return authority(folder, "ca")


@pytest.fixture(scope="module")
def address(folder: pathlib.Path, ca: Pair) -> Iterator[str]:
    server = issue(folder, "server", ca)
    with running_daemon(folder) as daemon:
        with gateway(daemon.address, server, ca, _TOKEN) as address:
            yield address


@pytest.fixture(scope="module")
def settings(folder: pathlib.Path, ca: Pair) -> dict[str, str]:
    """What a client must be told to get through."""
    own = issue(folder, "client", ca)
    return {
        "HPOD_TLS_CA": str(ca.cert),
        "HPOD_TLS_CERT": str(own.cert),
        "HPOD_TLS_KEY": str(own.key),
        "HPOD_TOKEN": _TOKEN,
        "HPOD_RETRY_SECONDS": "0",
    }


def test_a_scenario_runs_through_tls_with_a_token(
    language: Language, ca: Pair, settings: dict[str, str], tmp_path: pathlib.Path
) -> None:
    server = issue(tmp_path, "server", ca)
    with running_daemon(tmp_path) as daemon, observe(daemon.address) as observer:
        with gateway(daemon.address, server, ca, _TOKEN) as address:
            with Runner(language, address, tmp_path, **settings) as runner:
                Stage(daemon, runner, observer).play(scenario.load("results"))


@pytest.mark.parametrize(
    "wrong, code",
    [
        ({"HPOD_TOKEN": "guessed"}, "UNAUTHENTICATED"),
        ({"HPOD_TOKEN": ""}, "UNAUTHENTICATED"),
        ({"HPOD_TLS_CA": "stranger"}, "UNAVAILABLE"),
        ({"HPOD_TLS_CERT": "", "HPOD_TLS_KEY": ""}, "UNAVAILABLE"),
        ({"HPOD_TLS_CA": "", "HPOD_TLS_CERT": "", "HPOD_TLS_KEY": ""}, "UNAVAILABLE"),
    ],
    ids=["wrong token", "no token", "unknown authority", "no certificate", "no TLS"],
)
def test_a_wrong_setting_is_refused(
    language: Language,
    address: str,
    settings: dict[str, str],
    tmp_path: pathlib.Path,
    wrong: dict[str, str],
    code: str,
) -> None:
    if wrong.get("HPOD_TLS_CA") == "stranger":
        wrong = {"HPOD_TLS_CA": str(authority(tmp_path, "stranger").cert)}
    with Runner(language, address, tmp_path, **{**settings, **wrong}) as runner:
        answer = runner.do(do="create_study", study="x")
    assert answer["error"]["code"] == code, answer
    assert answer["error"]["reason"] == ""
