"""Pages whose code runs: what a reader would do, from the top to the end.

A fenced block ```` ```LANGUAGE FILE ```` is a file. In a block ```` ```console ````, `$ ` starts a command for bash; what
follows is what it prints on standard output, where `...` stands for any text, as a line of its own for any
lines. What a command prints is compared only if the page shows something. Other blocks are to look at.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import subprocess
from typing import Iterator, Mapping, Union

_FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND_SECONDS = 300


@dataclasses.dataclass(frozen=True)
class File:
    name: str
    text: str


@dataclasses.dataclass(frozen=True)
class Command:
    line: str
    output: str


def parts(page: pathlib.Path) -> Iterator[Union[File, Command]]:
    """Files and commands of a page, in order."""
    for info, body in _FENCE.findall(page.read_text()):
        language, _, name = info.strip().partition(" ")
        if name:
            yield File(name, body)
        elif language == "console":
            yield from _commands(body)


def run(
    page: pathlib.Path, folder: pathlib.Path, environment: Mapping[str, str]
) -> int:
    """Does what the page says, in `folder`; how many commands that were."""
    count = 0
    for part in parts(page):
        if isinstance(part, File):
            (folder / part.name).write_text(part.text)
        else:
            _run_command(part, folder, environment)
            count += 1
    return count


def _commands(body: str) -> Iterator[Command]:
    for command in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        line, _, output = command.partition("\n")
        while line.endswith("\\"):
            more, _, output = output.partition("\n")
            line += "\n" + more
        yield Command(line, output)


def _run_command(
    command: Command, folder: pathlib.Path, environment: Mapping[str, str]
) -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command.line],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_COMMAND_SECONDS,
    )
    said = f"$ {command.line}\n{done.stdout}{done.stderr}"
    assert done.returncode == 0, f"exit code {done.returncode}: {said}"
    if command.output.strip():
        assert _pattern(command.output).fullmatch(
            done.stdout.strip()
        ), f"the page shows\n{command.output}\nbut\n{said}"


def _pattern(output: str) -> re.Pattern[str]:
    return re.compile("".join(map(_line_pattern, output.strip().split("\n"))))


def _line_pattern(line: str) -> str:
    if line == "...":
        return r"(.*\n?)*?"
    return ".*".join(map(re.escape, line.split("..."))) + r"(\n|$)"
