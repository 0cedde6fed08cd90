"""What part of a daemon's processor time goes where, from folded stacks.

    shares.py --layers BUILD FOLDED...   a table; hpod's functions by the layer whose library in BUILD has them
    shares.py --waits WAITS...           a table of what waits.py saw
    shares.py --short-names FOLDED       the stacks without template arguments
"""

from __future__ import annotations

import collections
import pathlib
import re
import subprocess
import sys
from typing import Iterator, Mapping, Optional

# Lowest first: what a header puts in several libraries counts for the lowest.
LAYERS = ("samplers", "model", "storage", "core", "endpoints")
SYSCALLS = (
    ("kernel: network", r"sendmsg|recvmsg|accept|shutdown"),
    ("kernel: fdatasync", r"fdatasync|fsync"),
    ("kernel: file reads, writes, locks", r"pwrite|pread|fcntl|ftruncate|mmap_pgoff|fstat|openat"),
    ("kernel: waiting and wake-ups", r"epoll|futex|eventfd|sched_yield|write|read"),
)
# Where a frame's own time counts, and that of the callees that no row claims: std, absl, libc.
OWNERS = (
    ("SQLite", r"sqlite3|\[libsqlite3"),
    ("protobuf", r"google::protobuf|hpo::v1::|optuna::|\[libprotobuf"),
    ("gRPC and HTTP/2", r"grpc|gpr_|\[libgpr|absl::.*Cord|upb_"),
)
ALLOCATION = re.compile(r"malloc|calloc|realloc|cfree|_int_free|operator (new|delete)|unlink_chunk|gpr_(free|zalloc)")
THREAD_STARTS = ("clone3", "_start", "__clone")


def stacks(path: str) -> Iterator[tuple[list[str], int]]:
    """Frames from the thread's start to the leaf, and what they took."""
    for line in pathlib.Path(path).read_text().splitlines():
        stack, _, weight = line.rpartition(" ")
        yield stack.split(";")[1:], int(weight)


def short(name: str) -> str:
    """A function's name without template arguments, parameters and result."""
    name = name.replace("(anonymous namespace)", "{anonymous}").replace("[abi:cxx11]", "")
    before = ""
    while before != name:
        before = name
        name = re.sub(r"<[^<>]*>", "", name)
    return name.partition("(")[0].strip()


def layers_of(build: pathlib.Path) -> dict[str, str]:
    """hpod's functions, by short name."""
    layers: dict[str, str] = {}
    for layer in reversed(LAYERS):
        for library in build.rglob(f"libhpod_{layer}.a"):
            listing = subprocess.run(
                ["nm", "--demangle", "--defined-only", str(library)], capture_output=True, text=True, check=True
            )
            for line in listing.stdout.splitlines():
                symbol = re.match(r"[0-9a-f]+ [tTwWuV] (.*)", line)
                if symbol:
                    layers[short(symbol.group(1)).rpartition(" ")[2]] = layer
    return layers


def kernel_row(frames: list[str]) -> Optional[str]:
    """None for a stack that ends in the program, or in the vDSO, which is the program's."""
    kernel = [frame for frame in frames if frame.endswith("_[k]") and "vdso" not in frame]
    if not kernel:
        return None
    calls = " ".join(frame for frame in kernel if "sys_" in frame)
    for row, pattern in SYSCALLS:
        if re.search(pattern, calls):
            return row
    return "kernel: interrupts, page faults, other"


def row_of(frames: list[str], layers: Mapping[str, str]) -> str:
    row = kernel_row(frames)
    if row is not None:
        return row
    if any(ALLOCATION.search(frame) for frame in frames[-2:]):
        return "allocation"
    for frame in reversed(frames):
        name = short(frame).rpartition(" ")[2]
        if name in layers:
            return f"hpod: {layers[name]}"
        for owner, pattern in OWNERS:
            if re.search(pattern, short(frame)):
                return owner
    return "other"


def table(columns: list[Mapping[str, int]], names: list[str]) -> str:
    """Rows by name with their share in each column, the largest first."""
    totals = [sum(column.values()) for column in columns]
    share = {row: [column.get(row, 0) / total for column, total in zip(columns, totals)] for column in columns for row in column}
    lines = [f"| | {' | '.join(names)} |", "| --- |" + " ---: |" * len(names)]
    for row in sorted(share, key=lambda row: -sum(share[row])):
        lines.append(f"| {row} | {' | '.join(f'{part:.1%}' for part in share[row])} |")
    return "\n".join(lines)


def print_layers(build: str, paths: list[str]) -> None:
    layers = layers_of(pathlib.Path(build))
    columns = []
    for path in paths:
        column: collections.Counter[str] = collections.Counter()
        whole = 0
        for frames, weight in stacks(path):
            column[row_of(frames, layers)] += weight
            whole += weight if frames[0] in THREAD_STARTS else 0
        columns.append(column)
        print(f"{path}: {whole / column.total():.1%} of the time is in stacks that reach their thread's start", file=sys.stderr)
    print(table(columns, [pathlib.Path(path).stem for path in paths]))


def print_waits(paths: list[str]) -> None:
    columns = []
    for path in paths:
        lines = [line.partition(" ") for line in pathlib.Path(path).read_text().splitlines()]
        columns.append({name: int(count) for count, _, name in lines})
    print(table(columns, [pathlib.Path(path).stem for path in paths]))


def main() -> None:
    form, *arguments = sys.argv[1:]
    if form == "--layers":
        print_layers(arguments[0], arguments[1:])
    elif form == "--waits":
        print_waits(arguments)
    else:
        for frames, weight in stacks(arguments[0]):
            print(f"{';'.join(short(frame) for frame in frames)} {weight}")


if __name__ == "__main__":
    main()
