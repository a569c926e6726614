"""leadscore as its users have it: a wheel, installed into an environment of its own, far from the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONTAINERFILE = ROOT / "docs" / "examples" / "container" / "Containerfile"


@dataclass(frozen=True)
class Installed:
    """An environment whose leadscore came from a wheel.

    Attributes
    ----------
    wheel, environment : Path
    """

    wheel: Path
    environment: Path

    @property
    def leadscore(self) -> Path:
        """The command."""
        return self.environment / "bin" / "leadscore"

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"

    @property
    def variables(self) -> dict[str, str]:
        """The variables of a process that knows nothing of the checkout; commands are the environment's first."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LEADSCORE_"))}
        return {**kept, "PATH": f"{self.environment / 'bin'}:{kept['PATH']}", "VIRTUAL_ENV": str(self.environment)}

    @staticmethod
    def third_party(python: Path) -> None:
        """Let an environment find the packages that the tests run with, all but leadscore."""
        ask = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
        place = Path(subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip())
        others = place.with_name("third-party")
        others.mkdir()
        for entry in Path(sysconfig.get_path("purelib")).iterdir():
            if not entry.name.startswith(("leadscore", "__editable__")) and entry.suffix != ".pth":
                (others / entry.name).symlink_to(entry)
        (place / "third_party.pth").write_text(f"{others}\n")

    def run(self, *arguments: object, at: Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Run leadscore in a folder."""
        command = [str(self.leadscore), *map(str, arguments)]
        env = {**self.variables, **more}
        return subprocess.run(command, cwd=at, env=env, capture_output=True, text=True, check=False)


def copied_by_the_container() -> list[str]:
    """Return the files and folders that the image's builder gets: a wheel needs nothing else."""
    lines = re.findall(r"^COPY (?!--from)(.*)$", CONTAINERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [name.rstrip("/") for line in lines for name in line.split()[:-1]]


def build_wheel(into: Path) -> Path:
    """Build the wheel from a copy of what the image's builder gets, offline."""
    source = into / "checkout"
    for name in copied_by_the_container():
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            source.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    build = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
    call = [sys.executable, "-c", build, str(into)]
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(call, cwd=source, env=variables, capture_output=True, text=True, check=True)
    return into / done.stdout.splitlines()[-1]


def install(wheel: Path, environment: Path) -> Installed:
    """Install the wheel alone; other projects' packages are those that the tests run with."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    Installed.third_party(python)
    command = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--force-reinstall",
        "--no-deps",
        str(wheel),
    ]
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(command, env=variables, check=True)
    return Installed(wheel, environment)
