"""From a run whose receipt was won and signed to the decision in force: folder, MLflow, and last the pointer."""

from __future__ import annotations

from datetime import UTC, datetime

from models.decision.decision_files import SignedDecision, decision_files
from pipeline.champion.folder import ChampionFolder, change_to
from pipeline.outputs.cutoffs_file import cutoffs_file
from pipeline.outputs.evaluation_file import read_evaluation, verdict_of
from pipeline.outputs.model_files import model_folder, read_texts
from pipeline.outputs.rules_file import rules_of_cutoffs
from pipeline.receipt.stage import receipt_files
from pipeline.registry.model_registry import ModelRegistry
from pipeline.runner.job_log import say
from pipeline.runner.stages import StageContext


def publish(context: StageContext, registry: ModelRegistry, version: str) -> SignedDecision:
    """Put the decision of a run in force: here, and under the alias ``champion`` in MLflow.

    Whoever reads meanwhile has the decision before, whole. Interrupted and called again, it goes on; called for what is
    in force already, it changes nothing.

    Parameters
    ----------
    context : StageContext
        A run whose receipt was won and signed by all whom it asks.
    registry : ModelRegistry
    version : str
        Under which the model is registered.

    Raises
    ------
    InputError
        If receipt, model, cut-offs and rules do not belong together.
    """
    folder = ChampionFolder(context.workspace.root)
    receipt, _ = receipt_files(context)
    decision = folder.keep(
        decision_files(
            model_files=read_texts(model_folder(context)),
            cutoffs=cutoffs_file(context).read_text(encoding="utf-8"),
            rules=rules_of_cutoffs(context),
            verdict=verdict_of(read_evaluation(context)),
            receipt=receipt.read_text(encoding="utf-8"),
        )
    )
    registry.keep_decision(version, folder.version_folder(decision.version), decision.version)
    registry.promote(version)
    current = folder.current()
    if current.version != decision.version:
        folder.put_in_force(current.then(change_to(decision, "signed", time=now())))
        say(f"champion: decision {decision.version} is in force")
    return decision


def now() -> str:
    """Return the time, ISO 8601, UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
