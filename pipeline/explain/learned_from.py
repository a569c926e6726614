"""What the model and the cut-offs of a score were learned and set from, as far as the outputs still say."""

from __future__ import annotations

from dataclasses import dataclass

from models.bands import PerBand
from pipeline.outputs.cutoffs_file import read_cutoffs
from pipeline.outputs.model_files import model_folder, model_hash
from pipeline.outputs.training_files import read_training_summary
from pipeline.runner.stages import StageContext
from pipeline.score.sinks.lead_scores import StoredScore


@dataclass(frozen=True)
class LearnedFrom:
    """Figures for the letter; None where the outputs are of another model or other cut-offs than the score.

    Attributes
    ----------
    leads, outcomes : int or None
        Earlier leads that the model has learned from, and how many of them had the outcome.
    per_week : PerBand of float, or None
        How many leads a week passed the cut-offs when they were set.
    """

    leads: int | None = None
    outcomes: int | None = None
    per_week: PerBand[float] | None = None


def learned_from(context: StageContext, score: StoredScore) -> LearnedFrom:
    """Read what a score's model learned from; what the stages left may be newer than the score."""
    leads = outcomes = per_week = None
    if context.has("train") and model_hash(model_folder(context)).startswith(score.row["model_version"]):
        training = read_training_summary(context)["targets"][score.about.cutoffs.target]["training"]
        leads, outcomes = training["leads"], training["outcomes"]
    cutoffs = read_cutoffs(context) if context.has("cutoffs") else None
    if cutoffs is not None and cutoffs.version == score.row["cutoff_version"]:
        per_week = cutoffs.volumes.map(lambda volume: volume.got_per_week)
    return LearnedFrom(leads, outcomes, per_week)
