"""Every client, every scenario, each with a fresh daemon."""

from __future__ import annotations

import pathlib

import pytest

import scenario
from languages import Language
from stage import play


@pytest.mark.parametrize("name", scenario.names())
def test_scenario(language: Language, name: str, tmp_path: pathlib.Path) -> None:
    play(language, scenario.load(name), tmp_path)
