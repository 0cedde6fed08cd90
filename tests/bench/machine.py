"""What the figures were measured on."""

from __future__ import annotations

import datetime
import os
import pathlib
import platform
import re
import subprocess


def describe_machine() -> str:
    """Date, processor, memory, systems; one phrase."""
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())
    release = re.search(r'PRETTY_NAME="(.*)"', pathlib.Path("/etc/os-release").read_text())
    parts = [
        f"{os.cpu_count()} x {cpu.group(1) if cpu else platform.machine()}",
        f"{int(memory.group(1)) / 2**20:.0f} GiB" if memory else "",
        f"Linux {'.'.join(platform.release().split('.')[:2])}",
        release.group(1) if release else "",
        f"Python {platform.python_version()}",
    ]
    return f"{datetime.date.today()}: " + ", ".join(part for part in parts if part)


def file_system(folder: pathlib.Path) -> str:
    """Its kind: ext4, tmpfs, ..."""
    reply = subprocess.run(
        ["df", "--output=fstype", str(folder)], capture_output=True, text=True, check=True, timeout=10
    )
    return reply.stdout.split()[-1]
