"""The command ``leadscore champion``: who is in force since when, signed by whom, and what was before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from features.errors import InputError
from models.decision.current import CurrentDecision, DecisionChange
from pipeline.champion.change import fetch, go_back
from pipeline.champion.folder import ChampionFolder
from pipeline.champion.in_force import about_trained
from pipeline.registry.model_registry import ModelRegistry, open_registry
from pipeline.runner.finished_run import open_run
from pipeline.runner.workspace import Workspace
from pipeline.settings.settings import MlflowOptions, read_settings

_SAID = {
    "signed": "won and signed",
    "back": "went back",
    "again": "put in force again",
    "fetched": "fetched from MLflow",
}


def champion(
    out: Path,
    *,
    back: bool,
    to: str | None,
    fetched: bool,
    name: str | None,
    why: str | None,
    source: str | None,
    params_file: Path | None,
    overrides: Mapping[str, Any],
    as_json: bool,
) -> str:
    """Show who is in force, after a change if one is asked for.

    Parameters
    ----------
    out : Path
    back, fetched : bool
        Go back to the decision before; take the one that MLflow has.
    to : str or None
        Put this decision in force again.
    name, why : str or None
        Kept with a change.
    source : str or None
        Name of the source, to fetch its champion into an OUT that has none.
    params_file, overrides
        Where MLflow is.
    as_json : bool
    """
    if back + (to is not None) + fetched > 1:
        raise InputError(expected="one of --back, --to and --fetch", found="several")
    folder, workspace = ChampionFolder(out), Workspace(out)
    options = read_settings(params_file, overrides=overrides).mlflow
    if fetched:
        if fetch(workspace, open_registry(out, options, _source(folder, out, source))) is None:
            expected, hint = "a champion in MLflow that was published with its decision", "See mlflow.tracking_uri"
            raise InputError(expected=expected, found="none", table="mlflow", hint=hint)
    elif back or to is not None:
        registry = _registry(folder, out, options)
        go_back(workspace, registry, to=to, name=name, why=why)
    current = folder.current()
    return _to_json(current, folder) if as_json else _to_text(current, folder, out)


def _registry(folder: ChampionFolder, out: Path, options: MlflowOptions) -> ModelRegistry:
    decision = folder.champion()
    if decision is None:
        raise InputError(expected="a champion", found="none yet", hint="Nothing was ever in force here")
    return open_registry(out, options, decision.receipt.source)


def _source(folder: ChampionFolder, out: Path, source: str | None) -> str:
    if source is not None:
        return source
    decision = folder.champion()
    return open_run(out).spec().name if decision is None else decision.receipt.source


def _to_text(current: CurrentDecision, folder: ChampionFolder, out: Path) -> str:
    if current.last is None:
        return _without_champion(out)
    decision = folder.decision(current.last.version)
    receipt, cutoffs = decision.receipt, decision.parts.cutoffs
    signed = "; ".join(f"{one.role}: {one.name}, {one.time[:10]}" for one in receipt.signatures)
    lines = [
        f"Champion: decision {decision.version} for {receipt.source}, in force since {current.last.time}",
        f"Signed by: {signed or 'nobody has to (receipt.approvals is empty)'}",
        f"Holds: model {decision.parts.model_version}, cut-offs {cutoffs.version} (MQL from {cutoffs.mql:.1%}, "
        f"SAL from {cutoffs.sal:.1%}), receipt {receipt.sha256[:12]}; every file is as it was published",
        "History:",
        *(f"  {step.time}  {step.version}  {_said(step)}" for step in reversed(current.history)),
    ]
    return "\n".join(lines)


def _without_champion(out: Path) -> str:
    about = about_trained(open_run(out))
    return (
        f"{about.words().en}\nIt becomes champion when its receipt is won and 'leadscore approve' has both signatures"
    )


def _said(step: DecisionChange) -> str:
    by = f" by {step.name}" if step.name else ""
    signed = f" ({', '.join(step.signed_by)})" if step.what in ("signed", "fetched") and step.signed_by else ""
    return f"{_SAID[step.what]}{by}{signed}" + (f": {step.why}" if step.why else "")


def _to_json(current: CurrentDecision, folder: ChampionFolder) -> str:
    tree: dict[str, Any] = current.model_dump(mode="json")
    if current.last is not None:
        decision = folder.decision(current.last.version)
        tree |= {
            "since": current.last.time,
            "source": decision.receipt.source,
            "model_version": decision.parts.model_version,
            "cutoffs_version": decision.parts.cutoffs.version,
            "receipt_sha256": decision.receipt.sha256,
            "signatures": [vars(signature) for signature in decision.receipt.signatures],
        }
    return json.dumps(tree, indent=1, ensure_ascii=False)
