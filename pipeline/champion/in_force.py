"""What scores: the champion where there is one, else the model trained last, and which of the two and why."""

from __future__ import annotations

from typing import Any

from features.errors import InputError
from features.families.feature_list import feature_list
from models.decision.current import CurrentDecision
from models.decision.decision_files import ScoringParts
from models.rules.points import check_rules
from models.scoring.run_about import DecisionAbout
from pipeline.champion.folder import ChampionFolder
from pipeline.outputs.cutoffs_file import read_cutoffs
from pipeline.outputs.evaluation_file import read_evaluation, verdict_of
from pipeline.outputs.feature_rows import stored_columns
from pipeline.outputs.model_files import model_folder, read_texts
from pipeline.outputs.rules_file import rules_text
from pipeline.receipt.signing_state import standing_of
from pipeline.receipt.stage import receipt_of
from pipeline.runner.stages import StageContext

TRAINED = ("train", "cutoffs", "evaluate")
"""Stages whose outputs score where there is no champion."""
MOST_NAMED = 5


def scoring_parts(context: StageContext) -> tuple[ScoringParts, DecisionAbout]:
    """Return what leads are scored with, and which decision that is.

    Raises
    ------
    InputError
        If a file of the champion is not as it was published, or it reads columns that the features do not have.
    """
    folder = ChampionFolder(context.workspace.home)
    current, champion = folder.current(), folder.champion()
    if champion is None:
        parts = ScoringParts(
            read_texts(model_folder(context)),
            read_cutoffs(context),
            rules_text(context),
            verdict_of(read_evaluation(context)),
        )
        options, about = context.settings.features, about_trained(context)
    else:
        parts, about = champion.parts, about_champion(current)
        options = parts.forecast.feature_options
        _require_columns(context, parts)
    if parts.rules is not None:
        check_rules(parts.rules, parts.forecast.features, options)
    return parts, about


def scoring_inputs(context: StageContext) -> dict[str, Any]:
    """Return what decides the scores besides tables and features: the champion, or the run that was trained last."""
    last = ChampionFolder(context.workspace.home).current().last
    if last is not None:
        return {"champion": last.model_dump(mode="json")}
    inputs = {stage: context.stamp(stage).outputs for stage in TRAINED}
    return inputs | ({"receipt": context.stamp("receipt").outputs} if context.has("receipt") else {})


def about_champion(current: CurrentDecision) -> DecisionAbout:
    """Return what a run says of the champion that it scored with."""
    last = current.last
    if last is None:
        raise LookupError("nothing is in force")
    return DecisionAbout(state="champion", version=last.version, since=last.time, signed_by=last.signed_by)


def about_trained(context: StageContext) -> DecisionAbout:
    """Return what a run says that scored with the model trained last, since there is no champion."""
    if not context.has("receipt"):
        return DecisionAbout(state="no_receipt")
    standing = standing_of(receipt_of(context))
    return DecisionAbout(state=standing.state, waiting_for=standing.waiting_for)


def _require_columns(context: StageContext, parts: ScoringParts) -> None:
    """Hold the columns that the champion reads against those that tonight's features have."""
    forecast = parts.forecast
    kinds = {feature.name: feature.dtype for feature in feature_list(context.spec(), context.settings.features)}
    stored = set(stored_columns(context, "open"))
    absent = [feature.name for feature in forecast.features if feature.name not in stored]
    others = [
        feature.name
        for feature in forecast.features
        if feature.name in stored and kinds.get(feature.name, feature.dtype) != feature.dtype
    ]
    for names, problem in ((absent, "no column"), (others, "columns of another type:")):
        if names:
            rest = len(names) - MOST_NAMED
            named = ", ".join(names[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
            raise InputError(
                expected="the columns that the champion reads",
                found=f"{problem} {named}",
                table="features",
                hint="The source folder or features in params.yaml were changed since it was trained: put them back, "
                "or train, sign and publish a model that reads the new ones",
            )
