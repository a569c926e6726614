"""Who is in force, changed by hand: back to the decision before, an earlier one again, or the one that MLflow has."""

from __future__ import annotations

import getpass
import tempfile
from pathlib import Path

from features.errors import InputError
from models.decision.current import CurrentDecision
from models.decision.decision_files import SignedDecision, version_of
from pipeline.champion.folder import ChampionFolder, change_to, signature_of, texts_below
from pipeline.champion.publish import now
from pipeline.registry.model_registry import ModelRegistry
from pipeline.runner.job_log import say
from pipeline.runner.workspace import Workspace

LONGEST = 500
"""Characters of a name or a reason."""


def go_back(
    workspace: Workspace, registry: ModelRegistry, *, to: str | None, name: str | None, why: str | None
) -> CurrentDecision:
    """Put an earlier decision in force, and keep who did so and why.

    Parameters
    ----------
    workspace : Workspace
    registry : ModelRegistry
        Its alias ``champion`` follows.
    to : str or None
        The beginning of a decision's name; None is the one before.
    name, why : str or None
        Who says so (the user of this machine where nobody is named), and the reason, which is needed.

    Raises
    ------
    InputError
        If there is none to go back to, no reason is given, or the decision is not as it was published.
    """
    name, why = _words(name or getpass.getuser(), "--name"), _words(why, "--why")
    with workspace.locked():
        folder = ChampionFolder(workspace.root)
        current = folder.current()
        decision = folder.decision(_wanted(current, to))
        if decision.version == current.version:
            raise InputError(expected="a decision that is not in force", found=f"{decision.version}, which is")
        registry.point_at(decision.receipt.model_sha256, decision.version)
        what = "back" if to is None else "again"
        current = current.then(change_to(decision, what, time=now(), name=name, why=why))
        folder.put_in_force(current)
    say(f"champion: decision {decision.version} is in force again; the next night scores with it")
    return current


def fetch(workspace: Workspace, registry: ModelRegistry) -> SignedDecision | None:
    """Take the decision that bears the alias ``champion`` in MLflow, and put it in force here; None where none does.

    Raises
    ------
    InputError
        If MLflow cannot be asked, or what it holds is not a decision that was won and signed.
    """
    with workspace.locked(), tempfile.TemporaryDirectory() as scratch:
        downloaded = registry.fetch_decision(Path(scratch))
        if downloaded is None:
            return None
        files, folder = texts_below(downloaded, signed=True), ChampionFolder(workspace.root)
        current = folder.current()
        decision = folder.keep(files, signature_of(downloaded))
        if decision.receipt.source != registry.source:
            expected, found = f"a decision for {registry.source}", f"one for {decision.receipt.source}"
            raise InputError(expected=expected, found=found, table="mlflow")
        if version_of(files) != current.version:
            folder.put_in_force(current.then(change_to(decision, "fetched", time=now())))
            say(f"champion: decision {decision.version} was fetched from MLflow and is in force")
    return decision


def _wanted(current: CurrentDecision, to: str | None) -> str:
    if current.version is None:
        raise InputError(expected="a champion", found="none yet", hint="Nothing was ever in force here")
    if to is None:
        before = current.before()
        if before is None:
            raise InputError(expected="a decision before the one in force", found=f"{current.version} is the first")
        return before
    known = sorted({step.version for step in current.history})
    fits = [version for version in known if to and version.startswith(to)]
    if len(fits) != 1:
        raise InputError(expected=f"one of {', '.join(known)}", found=repr(to), table="--to")
    return fits[0]


def _words(text: str | None, option: str) -> str:
    text = (text or "").strip()
    if not text:
        raise InputError(expected=f'{option} "…"', found="nothing", hint="It is kept with the change")
    if len(text) > LONGEST or not text.isprintable():
        found = f"{len(text):,} characters, or some that cannot be printed"
        raise InputError(expected=f"at most {LONGEST} printable characters in {option}", found=found)
    return text
