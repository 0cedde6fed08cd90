"""What the pages of the clients tell to do works: docs/clients/NAME.md and clients/NAME/README.md."""

from __future__ import annotations

import os
import pathlib

import pytest

import pages
from daemon_process import binary
from languages import REPOSITORY, languages, why_missing
from stage import running_daemon

_FOLDER = REPOSITORY / "docs" / "clients"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    known = sorted(path.stem for path in _FOLDER.glob("*.md"))
    metafunc.parametrize("name", metafunc.config.getoption("--client") or known)


def test_pages(name: str, tmp_path: pathlib.Path) -> None:
    if problem := why_missing(languages()[name]):
        pytest.skip(problem)
    languages()[name].build()
    for page in (REPOSITORY / "clients" / name / "README.md", _FOLDER / f"{name}.md"):
        folder = tmp_path / page.stem
        folder.mkdir()
        with running_daemon(folder) as daemon:
            path = f"{pathlib.Path(binary()).parent}{os.pathsep}{os.environ['PATH']}"
            environment = {
                "HPOD": str(REPOSITORY),
                "HPOD_SERVER": daemon.address,
                "PATH": path,
            }
            assert pages.run(page, folder, environment) > 0, page
