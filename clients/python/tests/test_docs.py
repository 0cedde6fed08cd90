"""The code of the documentation runs as it stands, against a real daemon."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
HPOCTL = Path(
    os.environ.get("HPOCTL_BINARY")
    or REPOSITORY / "build" / "release" / "bin" / "hpoctl"
)
# These need large wheels: script/guides runs them with HPOD_GUIDES=all.
HEAVY = ["pytorch", "keras", "mlflow"]
LIGHT = ["scikit-learn", "xgboost", "lightgbm", "optuna"]
GUIDES = LIGHT + (HEAVY if os.environ.get("HPOD_GUIDES") == "all" else [])
PAGES = ["python.md", *(f"guides/{guide}.md" for guide in GUIDES)]

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def script_of(page):
    """One program: the Python blocks, and the commands of the console blocks."""
    lines = ["import subprocess as _subprocess"]
    for language, code in BLOCK.findall((REPOSITORY / "docs" / page).read_text()):
        if language == "python":
            lines.append(code)
        elif language == "console":
            for command in re.findall(r"^\$ (.*)$", code, re.MULTILINE):
                lines.append(f"_subprocess.run({shlex.split(command)!r}, check=True)")
    return "\n".join(lines)


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs(page, own_daemon, tmp_path):
    environment = {
        **os.environ,
        "HPOD_SERVER": own_daemon.address,
        "PATH": f"{HPOCTL.parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script_of(page)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_installs_exists(page):
    text = (REPOSITORY / "docs" / page).read_text()
    project = (REPOSITORY / "clients" / "python" / "pyproject.toml").read_text()
    extras = re.findall(r"\./clients/python\[([\w,]+)\]", text)
    for extra in {name for names in extras for name in names.split(",")}:
        assert re.search(rf"^{extra} = \[", project, re.MULTILINE), extra
    for link in re.findall(r"\]\(([^)#:]+)[^)]*\)", text):
        assert (REPOSITORY / "docs" / page).parent.joinpath(link).exists(), link
