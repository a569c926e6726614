"""Programs that tests start as processes, each in an environment of its own, made once a machine."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "leadscore-tests"


def digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def python_of(name: str, locked: Path) -> Path:
    """Return the Python of an environment, made from locked requirements where it is not there."""
    environment = CACHE / f"{name}-{sys.version_info[0]}.{sys.version_info[1]}-{digest(locked)}"
    python = environment / "bin" / "python"
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{environment}.lock"):
        if not (environment / "complete").exists():
            shutil.rmtree(environment, ignore_errors=True)
            uv = Path(sys.executable).with_name("uv")
            by_uv = [str(uv), "venv", "--quiet", "--python", sys.executable]
            subprocess.run([*(by_uv if uv.exists() else [sys.executable, "-m", "venv"]), str(environment)], check=True)
            by_uv = [str(uv), "pip", "install", "--python", str(python)]
            install = [*(by_uv if uv.exists() else [str(python), "-m", "pip", "install"]), "--quiet"]
            subprocess.run([*install, "--require-hashes", "-r", str(locked)], check=True)
            (environment / "complete").touch()
    return python
