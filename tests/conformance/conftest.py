"""Which clients are tested: --client NAME (may be given several times), else all."""

from __future__ import annotations

import functools

import pytest

from languages import Language, languages, why_missing


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--client", action="append", default=[], help="NAME in clients/")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "language" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--client") or list(languages())
        metafunc.parametrize("language", chosen, indirect=True, scope="session")


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leaves out the own tests of clients that have none here: ctest runs those."""
    left_out = [item for item in items if not _has_tests(item)]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def _has_tests(item: pytest.Item) -> bool:
    if item.module.__name__ != "test_own_tests":
        return True
    return bool(languages()[item.callspec.params["language"]].test_command)


@functools.cache
def built(name: str) -> Language:
    """A client with its runner; skips the test, by the client's name, if it cannot be."""
    language = languages()[name]
    if problem := why_missing(language):
        pytest.skip(problem)
    language.build()
    return language


@pytest.fixture(scope="session")
def language(request: pytest.FixtureRequest) -> Language:
    return built(request.param)


@pytest.fixture(scope="session")
def available(pytestconfig: pytest.Config) -> list[Language]:
    """Every client that can run here."""
    chosen = pytestconfig.getoption("--client") or list(languages())
    return [built(name) for name in chosen if not why_missing(languages()[name])]
