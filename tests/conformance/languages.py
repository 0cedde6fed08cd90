"""The clients that take part: clients/LANGUAGE/conformance.json."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import functools
import json
import pathlib
import shutil
import subprocess
import sys
from typing import Iterator, Optional

from daemon_process import binary

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
_BUILD_SECONDS = 600


@dataclasses.dataclass(frozen=True)
class Language:
    """A client with a runner. `needs`: programs of its toolchain."""

    name: str
    needs: tuple[str, ...]
    build_command: tuple[str, ...]
    run_command: tuple[str, ...]
    test_command: tuple[str, ...]

    @property
    def folder(self) -> pathlib.Path:
        return REPOSITORY / "clients" / self.name

    def missing(self) -> list[str]:
        """Programs of its toolchain that this machine does not have."""
        return [program for program in self.needs if shutil.which(program) is None]

    def build(self) -> None:
        """Makes the runner. Tests of several processes may do so at once."""
        if not self.build_command:
            return
        with _lock(REPOSITORY / "build" / f"conformance-{self.name}.lock"):
            made = subprocess.run(
                self.command(self.build_command),
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=_BUILD_SECONDS,
            )
        assert made.returncode == 0, f"{self.name}: the build failed\n{made.stdout}"

    def command(self, words: tuple[str, ...]) -> list[str]:
        """`words` as they are run in `folder`."""
        binaries = str(pathlib.Path(binary()).parent)
        first, *rest = (
            word.replace("{python}", sys.executable).replace("{binaries}", binaries)
            for word in words
        )
        if first.startswith("."):
            first = str((self.folder / first).resolve())
        return [first, *rest]


@functools.cache
def languages() -> dict[str, Language]:
    """All clients that take part, by name."""
    found = sorted((REPOSITORY / "clients").glob("*/conformance.json"))
    return {path.parent.name: _read(path) for path in found}


def _read(path: pathlib.Path) -> Language:
    fields = json.loads(path.read_text())
    return Language(
        path.parent.name,
        tuple(fields.get("needs", ())),
        tuple(fields.get("build", ())),
        tuple(fields["run"]),
        tuple(fields.get("test", ())),
    )


@contextlib.contextmanager
def _lock(path: pathlib.Path) -> Iterator[None]:
    path.parent.mkdir(exist_ok=True)
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def why_missing(language: Language) -> Optional[str]:
    """What to say when the client cannot run here; None if it can."""
    missing = language.missing()
    if not missing:
        return None
    return f"toolchain missing for client {language.name}: {', '.join(missing)}"
