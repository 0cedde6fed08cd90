"""Makes the protocol's Python modules from the .proto files when the package is built.

The files are taken from the checkout (../../proto) or, in an sdist, from proto/ beside
this file. They become the modules hpod._proto.<name>_pb2; nothing of it is committed.
"""

import re
import shutil
import tempfile
from importlib.resources import files
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
PACKAGE = "hpo/v1"


def find_protos() -> Path:
    for folder in (HERE / "proto", HERE.parent.parent / "proto"):
        if (folder / PACKAGE).is_dir():
            return folder
    raise SystemExit(f"the .proto files are neither in {HERE}/proto nor in ../../proto")


def generate(protos: Path, target: Path) -> None:
    """Writes the modules and their type stubs into `target`, a package of its own."""
    from grpc_tools import protoc

    target.mkdir(parents=True, exist_ok=True)
    (target / "__init__.py").write_text("")
    with tempfile.TemporaryDirectory() as out:
        sources = [str(path) for path in sorted((protos / PACKAGE).glob("*.proto"))]
        include = files("grpc_tools") / "_proto"
        arguments = [f"-I{protos}", f"-I{include}", f"--python_out={out}"]
        if protoc.main(["protoc", *arguments, f"--pyi_out={out}", *sources]) != 0:
            raise SystemExit("protoc failed")
        for path in (Path(out) / PACKAGE).iterdir():
            # protoc names modules by the proto package; ours live in hpod._proto.
            text = re.sub(
                r"\bfrom hpo\.v1 import", "from hpod._proto import", path.read_text()
            )
            (target / path.name).write_text(text)


class BuildPy(build_py):
    def run(self) -> None:
        if not self.editable_mode:
            # Otherwise modules that no longer exist would be packed again.
            shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        root = HERE / "src" if self.editable_mode else Path(self.build_lib)
        generate(find_protos(), root / "hpod" / "_proto")


class Sdist(sdist):
    def make_release_tree(self, base_dir, files) -> None:
        super().make_release_tree(base_dir, files)
        source = find_protos() / PACKAGE
        shutil.copytree(source, Path(base_dir) / "proto" / PACKAGE, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildPy, "sdist": Sdist})
