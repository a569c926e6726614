"""Stage ``register``: the run, its metrics and its model in MLflow; champion only if it has earned it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from features.answers import Answer
from features.time_units import format_time, to_micros
from models.forecast.fit_forecast import labelled_rows
from pipeline.champion.folder import ChampionFolder
from pipeline.champion.publish import publish
from pipeline.mlflow_loader import feature_frame
from pipeline.outputs.cutoffs_file import cutoffs_file
from pipeline.outputs.evaluation_file import evaluation_files, read_evaluation
from pipeline.outputs.feature_rows import read_features
from pipeline.outputs.labels_file import read_labels
from pipeline.outputs.model_files import model_folder, model_hash, read_forecast
from pipeline.outputs.training_files import read_training_summary
from pipeline.receipt.mlflow_check import receipt_tags
from pipeline.receipt.seal import Sealed, key_from_environment
from pipeline.receipt.sealed_run import SealedRun
from pipeline.receipt.signing_state import standing_of
from pipeline.receipt.stage import receipt_files, receipt_of
from pipeline.receipt.verify import line, verify
from pipeline.register.champion import Decision, judge, not_taken_back, with_receipt
from pipeline.registry.candidate import Candidate
from pipeline.registry.model_registry import CHALLENGER, CHAMPION, TEST_FROM_TAG, ModelRegistry, open_registry
from pipeline.runner.job_log import say
from pipeline.runner.stages import StageContext
from pipeline.settings.settings import Settings

LOGGED_SECTIONS = ("seed", "features", "split", "model", "cutoffs", "evaluate", "receipt")
"""What bears on the model. The rest stays out: addresses of stores may hold passwords."""

EXAMPLE_ROWS = 5


@dataclass(frozen=True)
class Registration:
    """What became of a model in the registry.

    Attributes
    ----------
    name, version, model_hash : str
        Under which it is registered, and what it is.
    champion, challenger : str or None
        The versions that bear these aliases now.
    decision : Decision
        Whether this one was promoted, and why.
    """

    name: str
    version: str
    model_hash: str
    champion: str | None
    challenger: str | None
    decision: Decision

    @property
    def aliases(self) -> tuple[str, ...]:
        """The aliases this version bears."""
        borne = {CHALLENGER: self.challenger, CHAMPION: self.champion}
        return tuple(alias for alias, version in borne.items() if version == self.version)


def run(context: StageContext, out: Path) -> None:
    """Log and register the trained model; write ``register.json`` with its version, aliases and the reason for them."""
    ChampionFolder(context.workspace.root).have_current()
    evaluation, sealed = read_evaluation(context), receipt_of(context)
    trained = read_training_summary(context)["targets"]
    registered = register_forecast(
        context,
        model_folder(context),
        settings=context.settings,
        beats_baseline=bool(evaluation["beats_baseline"]),
        params=flat({"rows": {name: target["parts"] for name, target in trained.items()}}),
        metrics={
            **flat_numbers({name: {"calibration": target["calibration"]} for name, target in trained.items()}),
            **flat_numbers(evaluation["targets"]),
            **flat_numbers({"promoted": evaluation["promoted"]}),
        },
        files=(*evaluation_files(context), cutoffs_file(context)),
        sealed=sealed,
    )
    result = {
        "name": registered.name,
        "version": registered.version,
        "model_hash": registered.model_hash,
        "aliases": sorted(registered.aliases),
        "champion": registered.champion,
        "beats_baseline": bool(evaluation["beats_baseline"]),
        "receipt": {"sha256": sealed.sha256, "outcome": sealed.receipt.verdict.outcome, "head": sealed.head},
        "standing": standing_of(sealed).sentence,
        "promoted": registered.decision.promote,
        "why": registered.decision.why,
    }
    text = json.dumps(result, indent=1, sort_keys=True, ensure_ascii=False)
    (out / "register.json").write_text(text + "\n", encoding="utf-8")


def register_forecast(
    context: StageContext,
    model_folder: Path,
    *,
    settings: Settings,
    beats_baseline: bool,
    params: Mapping[str, str],
    metrics: Mapping[str, float],
    files: tuple[Path, ...] = (),
    sealed: Sealed | None = None,
) -> Registration:
    """Register a saved forecast as challenger, compare it with the champion, and publish it if it has earned that.

    Parameters
    ----------
    context : StageContext
        The run whose features and labels it was fitted on.
    model_folder : Path
        Its saved form.
    settings : Settings
        What it was fitted with, for the record; its seed and number of draws steer the comparison.
    beats_baseline : bool
        Whether it beats the points (or naive Bayes) on the run's test period.
    params, metrics, files
        What else to write down.
    sealed : Sealed, optional
        The receipt of the run, where the forecast is the run's own. Without one nothing is promoted.
    """
    forecast = read_forecast(model_folder)
    labels = read_labels(context)
    rows = labelled_rows(read_features(context, "history"), labels, forecast.spec.primary_target, ("test",))
    dumped = settings.model_dump(mode="json", by_alias=True)
    logged = flat({name: dumped[name] for name in LOGGED_SECTIONS})
    registry = open_registry(context.workspace.root, settings.mlflow, forecast.spec.name)
    altered = () if sealed is None else _altered(context, registry, model_hash(model_folder))
    shown = None if altered else sealed  # what MLflow remembers must not give way to a receipt that does not hold
    candidate = Candidate(
        model_folder=model_folder,
        example=example_rows(feature_frame(rows, forecast)),
        params={"source": forecast.spec.name, **logged, **params},
        metrics=metrics,
        tags={TEST_FROM_TAG: format_time(int(to_micros(rows["as_of"]).min())), **receipt_tags(shown)},
        files=files,
        receipt=() if shown is None else receipt_files(context),
    )
    version = registry.add(candidate)
    draws, seed = settings.evaluate.bootstrap, settings.seed
    judged = judge(registry, version, forecast, rows, beats_baseline=beats_baseline, draws=draws, seed=seed)
    current = ChampionFolder(context.workspace.root).current()
    decision = not_taken_back(with_receipt(judged, sealed, altered=altered), sealed, current)
    if decision.promote:
        publish(context, registry, version)
    champion, challenger = registry.version_of(CHAMPION), registry.version_of(CHALLENGER)
    standing = "champion" if champion == version else "challenger" if challenger == version else "no alias"
    say(f"{registry.name} version {version}, {standing}: {decision.why}")
    return Registration(registry.name, version, candidate.hash, champion, challenger, decision)


def _altered(context: StageContext, registry: ModelRegistry, model: str) -> tuple[str, ...]:
    """Return what of the receipt does not hold: on such a one nobody is promoted."""
    run = SealedRun(context, key_from_environment(), lambda _: registry.tags_of_model(model))
    return tuple(line(result) for result in verify(run) if result.answer is Answer.FAILED)


def example_rows(X: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of which most is known; an example of empty columns would teach nothing."""
    fill_counts = X.notna().sum(axis=1)
    return X.loc[fill_counts.sort_values(ascending=False, kind="stable").index[:EXAMPLE_ROWS]].reset_index(drop=True)


def flat(tree: Mapping[str, Any]) -> dict[str, str]:
    """Return the leaves of a tree as text, by their path.

    Examples
    --------
    >>> flat({"seed": 7, "split": {"test_share": 0.3}})
    {'seed': '7', 'split.test_share': '0.3'}
    """
    return {path: leaf if isinstance(leaf, str) else json.dumps(leaf) for path, leaf in _leaves(tree)}


def flat_numbers(tree: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers among the leaves of a tree, by their path without a last ``value``; yes is 1, no is 0.

    Examples
    --------
    >>> flat_numbers({"sql": {"auc": {"value": 0.8, "low": 0.7}, "level": "model"}, "beats_baseline": True})
    {'sql.auc': 0.8, 'sql.auc.low': 0.7, 'beats_baseline': 1.0}
    """
    return {path.removesuffix(".value"): float(leaf) for path, leaf in _leaves(tree) if isinstance(leaf, int | float)}


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{path}.")
        else:
            yield path, value
