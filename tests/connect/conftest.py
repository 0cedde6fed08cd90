from __future__ import annotations

from daemon_fixtures import start  # noqa: F401
