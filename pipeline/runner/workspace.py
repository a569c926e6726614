"""Where outputs live: one folder a stage, written whole or not at all, and redone only when something changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from features.errors import InputError

STAMP = "stage.json"
LOCK = ".lock"


def file_digest(file: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def tree_digest(paths: Sequence[Path]) -> str:
    """Return one digest over files and folders: names inside them and contents, stamps left out."""
    digest = hashlib.sha256()
    for position, path in enumerate(paths):
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            if file.name == STAMP or "__pycache__" in file.parts:
                continue
            name = file.relative_to(path) if path.is_dir() else file.name
            digest.update(f"{position}\0{name}\0{file_digest(file)}\0".encode())
    return digest.hexdigest()


def code_digest() -> str:
    """Return a digest over this project's own code: another version of it redoes every stage."""
    root = Path(__file__).resolve().parents[2]
    return tree_digest([root / package for package in ("features", "models", "pipeline")])


class Workspace:
    """The output folders of one run.

    Parameters
    ----------
    root : Path
        Holds one folder a stage: ``root/ingest``, ``root/features``, …
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, stage: str) -> Path:
        """Return the folder of a stage, whether it is there or not."""
        return self.root / stage

    def is_current(self, stage: str, inputs: Mapping[str, Any]) -> bool:
        """Whether the stage was completed with exactly these inputs and its files are still as written."""
        stamp_file = self.folder(stage) / STAMP
        if not stamp_file.is_file():
            return False
        stamp: dict[str, Any] = json.loads(stamp_file.read_text(encoding="utf-8"))
        same_inputs: bool = stamp["inputs"] == dict(inputs)
        return same_inputs and stamp["outputs"] == tree_digest([self.folder(stage)])

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other commands from writing here until the block ends; blocks of one process may lie in each other.

        The lock is the operating system's: when a process dies, it is free.

        Raises
        ------
        InputError
            If another process holds it, or nothing can be written here.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.root.resolve() / LOCK, timeout=0, is_singleton=True).acquire()
        except Timeout:
            raise InputError(
                expected=f"nobody else writing to {self.root}",
                found="another leadscore command at work there",
                hint="Wait until it has ended, or give another --out",
            ) from None
        except OSError as error:
            found = f"{self.root}: {error.strerror}"
            raise InputError(expected="a folder to write into for --out", found=found) from None
        with lock:
            yield

    @contextmanager
    def writing(self, stage: str, inputs: Mapping[str, Any]) -> Iterator[Path]:
        """Give a fresh folder to write into; it takes the stage's place only when the block ends well."""
        with self.locked(), self._writing(stage, inputs) as partial:
            yield partial

    @contextmanager
    def _writing(self, stage: str, inputs: Mapping[str, Any]) -> Iterator[Path]:
        final, partial = self.folder(stage), self.root / f".{stage}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            yield partial
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        stamp = {"stage": stage, "inputs": dict(inputs), "outputs": tree_digest([partial])}
        write_durably(partial / STAMP, json.dumps(stamp, indent=1, sort_keys=True) + "\n")
        old = self.root / f".{stage}.old"
        shutil.rmtree(old, ignore_errors=True)
        if final.exists():
            final.rename(old)
        partial.rename(final)
        shutil.rmtree(old, ignore_errors=True)


def write_durably(file: Path, text: str) -> None:
    """Write a file and wait until the disk has it."""
    with file.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
