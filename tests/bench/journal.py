"""Results kept in a file as they come, so that an interrupted run goes on where it was."""

from __future__ import annotations

import hashlib
import json
import pathlib
import sys
import time
from typing import Any, Iterable, Optional


def digest(paths: Iterable[pathlib.Path]) -> str:
    """Of the contents of files: what a result depends on."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()[:16]


def say(text: str) -> None:
    """A line of progress, with the time."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


class Journal:
    """JSON values by key. One line each; a later line of a key replaces an earlier one."""

    def __init__(self, path: pathlib.Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._values: dict[str, tuple[str, Any]] = {}
        if path.exists():
            for line in path.read_text().splitlines():
                self._keep(line)

    def _keep(self, line: str) -> None:
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            return  # The last line of a run that was killed while writing it.
        self._values[entry["key"]] = (entry["stamp"], entry["value"])

    def get(self, key: str, stamp: str) -> Optional[Any]:
        """The value, if it was made with the same stamp."""
        kept_stamp, value = self._values.get(key, ("", None))
        return value if kept_stamp == stamp else None

    def put(self, key: str, stamp: str, value: Any) -> None:
        line = json.dumps({"key": key, "stamp": stamp, "value": value})
        with open(self._path, "a") as file:
            file.write(line + "\n")
        self._values[key] = (stamp, value)

    def clear(self) -> None:
        self._path.unlink(missing_ok=True)
        self._values = {}
