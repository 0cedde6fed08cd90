"""What docs/http.md tells to do works."""

from __future__ import annotations

import pathlib

import pages
from daemon_process import REPOSITORY, Daemon


def test_page(tmp_path: pathlib.Path) -> None:
    daemon = Daemon(tmp_path, "--http=127.0.0.1:0")
    daemon.start()
    try:
        url = f"http://{daemon.http_address}"
        page = REPOSITORY / "docs" / "http.md"
        assert pages.run(page, tmp_path, {"HPOD_HTTP_URL": url}) == 8
    finally:
        daemon.kill()
