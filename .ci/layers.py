"""Checks every #include of the project's own headers against the layers of docs/architecture.md."""
import pathlib
import re
import sys

# Folder to the folders whose headers it may include; the first folder that a path starts with counts.
MAY_INCLUDE = {
    "samplers/": ["samplers/"],
    "server/model/": ["server/model/", "samplers/"],
    "server/storage/": ["server/storage/", "server/model/", "samplers/"],
    "server/core/": ["server/core/", "server/storage/", "server/model/", "samplers/"],
    "server/endpoints/": ["server/endpoints/", "server/core/", "server/model/", "samplers/"],
    "server/": ["server/", "samplers/"],
    "clients/cpp/": ["clients/cpp/"],
    "clients/hpoctl/": ["clients/hpoctl/"],
    "tests/": ["tests/", "server/", "samplers/", "clients/"],
}
# Libraries that only some layers may know.
LIBRARIES = {
    # hpoctl reads and writes the files of Optuna, which no daemon has open.
    r"sqlite3\.h": ["server/storage/sqlite_db", "clients/hpoctl/optuna/sqlite_file", "tests/"],
    r"grpc": ["server/endpoints/grpc/", "server/log.cc", "clients/", "tests/"],
    r"hpo/v1/|optuna/|google/protobuf": ["server/endpoints/", "clients/", "tests/"],
    r"boost/asio": ["server/core/proposals", "server/endpoints/acceptor", "server/endpoints/http/", "server/daemon.cc", "tests/"],
    r"boost/beast": ["server/endpoints/http/", "tests/"],
    r"spdlog": ["server/log.cc"],
    r"hpod/": ["clients/cpp/", "tests/"],
}


def violations(path: str, text: str):
    allowed = next(layers for folder, layers in MAY_INCLUDE.items() if path.startswith(folder))
    for include in re.findall(r'#include [<"]([^>"]+)[>"]', text):
        if include.startswith(tuple(MAY_INCLUDE)) and not include.startswith(tuple(allowed)):
            yield f"{path}: includes {include}; its layer may include {', '.join(allowed)}"
        for pattern, users in LIBRARIES.items():
            if re.match(pattern, include) and not path.startswith(tuple(users)):
                yield f"{path}: includes {include}, which only {', '.join(users)} may"


root = pathlib.Path(__file__).resolve().parent.parent
sources = [p for layer in ("samplers", "server", "clients", "tests") for p in (root / layer).rglob("*.[ch]*") if p.suffix in (".h", ".cc")]
found = [v for p in sorted(sources) for v in violations(str(p.relative_to(root)), p.read_text())]
print("\n".join(found), file=sys.stderr)
sys.exit(1 if found else 0)
