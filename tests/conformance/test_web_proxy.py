"""Every client on a machine whose environment names a web proxy."""

from __future__ import annotations

import pathlib

from languages import Language
from runner import Runner
from stage import running_daemon

# Nobody listens there.
_PROXY = "http://127.0.0.1:9"
_VARIABLES = ("grpc_proxy", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")


def test_a_web_proxy_is_not_asked_for_the_daemon(
    language: Language, tmp_path: pathlib.Path
) -> None:
    settings = dict.fromkeys(_VARIABLES, _PROXY)
    settings |= {"no_proxy": "", "NO_PROXY": "", "HPOD_RETRY_SECONDS": "0"}
    # The JVM takes no proxy from the environment.
    settings["JAVA_TOOL_OPTIONS"] = (
        "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=9 -Dhttp.nonProxyHosts="
    )
    with running_daemon(tmp_path) as daemon:
        with Runner(language, daemon.address, tmp_path, **settings) as runner:
            runner.ok(do="create_study", study="x")
