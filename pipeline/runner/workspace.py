"""Where outputs live: one folder a stage, written whole or not at all, and redone only when something changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from features.errors import InputError
from models.stage_stamps import STAMP, Stamp
from pipeline.runner.exchange import exchange
from pipeline.source.data_folder import ExportedFile

LOCK, IDENTITY = ".lock", ".identity"


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


def export_digest(files: Sequence[ExportedFile]) -> str:
    """Return one digest over the files of an export, those behind links included, and where its links lead."""
    digest = hashlib.sha256()
    for entry in files:
        if Path(entry.name).name == STAMP or "__pycache__" in Path(entry.name).parts:
            continue
        content = f"-> {entry.leads_to}" if entry.file is None else file_digest(entry.file)
        digest.update(f"0\0{entry.name}\0{content}\0".encode())
    return digest.hexdigest()


def code_digest() -> str:
    """Return a digest over this project's own code: another version of it redoes every stage."""
    root = Path(__file__).resolve().parents[2]
    return tree_digest([root / package for package in ("features", "models", "pipeline")])


class SaidAfterwardsError(InputError):
    """What a stage was to write is complete and takes its place; what went wrong beside it is said then."""


class Workspace:
    """The output folders of one run.

    Parameters
    ----------
    root : Path
        Holds one folder a stage: ``root/ingest``, ``root/features``, …
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def home(self) -> Path:
        """OUT, where what is no stage's is kept: champion, approvals, history."""
        return self.root

    def folder(self, stage: str) -> Path:
        """Return the folder of a stage, whether it is there or not.

        Where two folders cannot trade places in one step, a process may have died between taking the earlier outputs
        away and putting the new ones there; then the earlier ones are put back first.
        """
        folder = self.root / stage
        if not folder.exists() and self._replaced(stage).exists():
            self._put_back(stage)
        return folder

    def identity(self) -> str:
        """Return a name of this folder that moves with it: a store knows by it who writes there."""
        file = self.root / IDENTITY
        try:
            return file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            with self.locked():
                write_durably(file, f"{uuid.uuid4().hex}\n")
            return self.identity()

    def stamp(self, stage: str) -> Stamp | None:
        """Return what a stage's ``stage.json`` says; None where the stage was never completed."""
        try:
            return Stamp.from_json((self.folder(stage) / STAMP).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def is_current(self, stage: str, inputs: Mapping[str, Any]) -> bool:
        """Whether the stage was completed with exactly these inputs and its files are still as written."""
        stamp = self.stamp(stage)
        if stamp is None or stamp.inputs != dict(inputs):
            return False
        return stamp.outputs == self.outputs_digest(stage)

    def outputs_digest(self, stage: str) -> str:
        """Return the digest of a stage's outputs as they lie there now; its stamp says what it was when written."""
        return tree_digest([self.folder(stage)])

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
            problem = f"{self.root}: {error.strerror}"
            raise InputError(expected="a folder to write into for --out", found=problem) from None
        with lock:
            yield

    @contextmanager
    def writing(self, stage: str, inputs: Mapping[str, Any]) -> Iterator[Path]:
        """Give a fresh folder to write into; it takes the stage's place only when the block ends well.

        It does so too where the block raises a `SaidAfterwardsError`, which then goes on.
        """
        with self.locked(), self._writing(stage, inputs) as partial:
            yield partial

    @contextmanager
    def _writing(self, stage: str, inputs: Mapping[str, Any]) -> Iterator[Path]:
        self.folder(stage)
        for left in self.root.glob(".*-*"):
            _remove_if_left(left)
        partial = self.root / f".{stage}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        afterwards: SaidAfterwardsError | None = None
        try:
            yield partial
        except SaidAfterwardsError as error:
            afterwards = error
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        write_durably(partial / STAMP, Stamp(stage, inputs, tree_digest([partial])).to_json())
        self._replace(stage, partial)
        if afterwards is not None:
            raise afterwards

    def take(self, stage: str, folder: Path) -> None:
        """Let outputs that are complete elsewhere on this disk, with their stamp, take a stage's place."""
        with self.locked():
            self.folder(stage)
            self._replace(stage, folder)

    def _replace(self, stage: str, complete: Path) -> None:
        final = self.root / stage
        self._discard_replaced(stage)
        if not final.exists():
            complete.rename(final)
        elif exchange(complete, final):
            complete.rename(self._replaced(stage))
        else:  # for a moment there is neither, and `folder` puts the earlier ones back
            final.rename(self._replaced(stage))
            complete.rename(final)
        self._discard_replaced(stage)

    def _replaced(self, stage: str) -> Path:
        """Return where the earlier outputs of a stage lie for the moment in which new ones take their place."""
        return self.root / f".{stage}.old"

    def _discard_replaced(self, stage: str) -> None:
        """Remove earlier outputs under another name, so that a kill meanwhile leaves no half of them to put back."""
        replaced, gone = self._replaced(stage), self.root / f".{stage}.gone"
        shutil.rmtree(gone, ignore_errors=True)
        if replaced.exists():
            replaced.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)

    def _put_back(self, stage: str) -> None:
        """Give a stage its earlier outputs back, unless the process that is replacing them is alive."""
        # Whoever holds the lock puts new outputs there, or the earlier ones back.
        with suppress(InputError, FileNotFoundError), self.locked():
            if not (self.root / stage).exists():
                self._replaced(stage).rename(self.root / stage)

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """Give a folder for files that are needed for a while; those that a killed process left are cleared away."""
        for left in self.root.glob(f".{name}-*"):
            _remove_if_left(left)
        with (
            tempfile.TemporaryDirectory(dir=self.root, prefix=f".{name}-") as scratch,
            FileLock(Path(scratch) / LOCK, timeout=0),
        ):
            yield Path(scratch)


def _remove_if_left(scratch: Path) -> None:
    """Remove a folder of `Workspace.scratch` if the process that used it is dead: its lock is free then."""
    if not (scratch / LOCK).exists():
        return  # somebody is just making it
    with suppress(Timeout, OSError), FileLock(scratch / LOCK, timeout=0):
        shutil.rmtree(scratch, ignore_errors=True)


def write_durably(file: Path, text: str) -> None:
    """Write a file and wait until the disk has it."""
    with file.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
