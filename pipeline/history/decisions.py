"""The decisions that ever scored: model, cut-offs and rules as files, each kept once under the hash of all of them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection
from pathlib import Path

from features.errors import InputError
from models.cutoffs.cutoffs import Cutoffs
from models.decision.decision_files import CUTOFFS, MODEL, RULES, ScoringParts
from models.forecast.saved_form import text_digest
from pipeline.runner.workspace import write_durably

_NAME_LENGTH = 16


def keep_decision(folder: Path, parts: ScoringParts) -> str:
    """Keep what scored, unless it is kept already, and return the name of its folder."""
    files = {f"{MODEL}{name}": text for name, text in parts.model_files.items()}
    files[CUTOFFS] = parts.cutoffs.model_dump_json(indent=1) + "\n"
    if parts.rules_text is not None:
        files[RULES] = parts.rules_text
    name, final = _name_of(files), folder / _name_of(files)
    if final.is_dir():
        return name
    partial = folder / f".{name}"
    shutil.rmtree(partial, ignore_errors=True)
    for file_name, text in files.items():
        file = partial / file_name
        file.parent.mkdir(parents=True, exist_ok=True)
        write_durably(file, text)
    partial.rename(final)
    return name


def read_kept_decision(folder: Path, name: str) -> ScoringParts:
    """Return what scored.

    Raises
    ------
    InputError
        If it is no longer there, or not as it was kept.
    """
    files = {
        file.relative_to(folder / name).as_posix(): file.read_bytes().decode("utf-8")
        for file in sorted((folder / name).rglob("*"))
        if file.is_file()
    }
    if not files:
        hint = "'leadscore prune' drops decisions after retention.models; a backup of OUT/history holds it"
        raise InputError(expected=f"the decision {name} in OUT/history", found="none", hint=hint)
    if _name_of(files) != name:
        raise InputError(expected=f"the decision {name} as it was kept", found=f"{_name_of(files)}", table="history")
    model = {file.removeprefix(MODEL): text for file, text in files.items() if file.startswith(MODEL)}
    return ScoringParts(model, Cutoffs.read(files[CUTOFFS]), files.get(RULES), None)


def drop_decisions(
    folder: Path, needed: Collection[str], scored: Collection[tuple[str, str]], *, before_us: int, dry_run: bool
) -> tuple[str, ...]:
    """Drop decisions that were kept before a time and that nothing needs any more; return their names.

    Parameters
    ----------
    folder : Path
    needed : collection of str
        Decisions of runs that are kept.
    scored : collection of (str, str)
        Models and cut-offs that stored scores come from.
    before_us : int
        In microseconds since 1970 UTC.
    dry_run : bool
        Only name them.
    """
    dropped = []
    for path in sorted(folder.glob("[0-9a-f]*")):
        if path.name in needed or path.stat().st_mtime * 1e6 >= before_us:
            continue
        parts = read_kept_decision(folder, path.name)
        if (parts.model_version, parts.cutoffs.version) in scored:
            continue
        dropped.append(path.name)
        if not dry_run:
            shutil.rmtree(path)
    return tuple(dropped)


def _name_of(files: dict[str, str]) -> str:
    listed = "".join(f"{name}\0{text_digest(text)}\0" for name, text in sorted(files.items()))
    return hashlib.sha256(listed.encode()).hexdigest()[:_NAME_LENGTH]
