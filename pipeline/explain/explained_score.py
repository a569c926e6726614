"""All that explains one score: the score, what is on record about its lead, what it was learned from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from features.language.languages import Language
from features.source_spec import SourceSpec
from features.time_units import parse_time
from models.scoring.variation import Variation, variation
from pipeline.explain.learned_from import LearnedFrom, learned_from
from pipeline.outputs.facts_of_lead import FactsOnRecord, read_facts
from pipeline.runner.stages import StageContext
from pipeline.score.sinks.lead_scores import StoredScore, read_score


@dataclass(frozen=True)
class ExplainedScore:
    """What is known of a score.

    Attributes
    ----------
    score : StoredScore
    spec : SourceSpec
        As the score's model knows the source.
    facts : FactsOnRecord or None
        None where they are no longer there.
    learned : LearnedFrom
    """

    score: StoredScore
    spec: SourceSpec
    facts: FactsOnRecord | None
    learned: LearnedFrom

    @cached_property
    def variation(self) -> Variation | None:
        """What another result would have taken; None where the score weighs nothing any more."""
        row, p = self.score.row, self.score.probability
        if row["reached"] or p is None or not 0 < p < 1:
            return None
        gates_open, excluded = not row["gates_missing"], bool(row["excluded"])
        return variation(p, row["reasons"], self.score.cutoffs, excluded=excluded, gates_open=gates_open)

    @property
    def is_decided(self) -> bool:
        """Whether the band says what happens next: not so where sales has the lead, or the target is reached."""
        return self.score.row["counted_as"] not in ("with_sales", "reached")

    def goal(self, language: Language) -> str:
        """Return the stage that is looked ahead to, with what it is called where that says more."""
        goal = self.score.about.goal
        name = goal.stage if goal.words is None else goal.words.of(language)
        return name if goal.stage in name else f"{goal.stage} ({name})"


def read_explained(context: StageContext, lead_id: str) -> ExplainedScore:
    """Read what explains the newest score of a lead.

    Parameters
    ----------
    context : StageContext
        The settings say where the store is; what the output folder no longer holds is left out.
    lead_id : str

    Raises
    ------
    InputError
        If there is no score of this lead.
    """
    score = read_score(context.settings.score.store, context.workspace.root, lead_id)
    spec = SourceSpec.model_validate(score.wording.spec)
    facts = read_facts(context, lead_id, spec, as_of_us=parse_time(score.row["as_of"]))
    return ExplainedScore(score, spec, facts, learned_from(context, score))
