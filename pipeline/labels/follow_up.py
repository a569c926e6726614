"""What follow-up by promotion does to a history: the weight of each label, and a warning where nothing can be learned.

``follow_up.json`` in the folder of stage ``labels`` says what was found: the fields of
`models.measures.observed_outcomes.Overlap`, ``warning`` (null if there is nothing to warn of) and, where the source
declares ``follow_up: promoted_only``, ``parts`` (by part of the split: leads ``worked``, ``drawn`` and ``silent``,
and ``effective_leads``) and ``chances`` (lowest and highest probability of a draw).
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from features.answers import OVERLAP_WORDS, Answer
from features.as_of import is_before
from features.tables.handovers import DECISION_US, first_handovers, handover_weights, promotion_weights
from features.time_units import DAY_US
from models.measures.lead_weights import even_weights
from models.measures.observed_outcomes import ENOUGH_DRAWN, WEIGHT, Overlap, effective_leads, overlap
from pipeline.outputs.ingested_tables import read_handovers, read_stages
from pipeline.outputs.labels_file import FOLLOW_UP_FILE
from pipeline.runner.stages import StageContext

PARTS = ("train", "calibration", "test")
REMEDY = "hand over a small random share of them: score.explore_share=0.03 (docs/follow-up.md)"


def weigh(labels: pd.DataFrame, context: StageContext, out: Path) -> pd.DataFrame:
    """Add column ``weight`` to labels where the source declares ``follow_up: promoted_only``; write ``follow_up.json``.

    Parameters
    ----------
    labels : DataFrame
        ``lead_id``, ``as_of_us``, ``target``, ``y``, ``part``.
    context : StageContext
    out : Path
        The folder of stage ``labels``.
    """
    spec, stages = context.spec(), read_stages(context)
    record: dict[str, Any] = {}
    if spec.follow_up == "promoted_only":
        labels, first = weighted(labels, context)
        record = {"parts": _parts(labels[labels["target"] == spec.primary_target]), "chances": _chances(first)}
    counts = overlap(labels[labels["part"] != "young"], stages, spec)  # of young leads only the outcomes are known
    lacking = [part for part in PARTS if record and record["parts"][part]["drawn"] < ENOUGH_DRAWN]
    record = asdict(counts) | {"verdict": OVERLAP_WORDS.of(counts.verdict)} | record
    record |= {"warning": warning(counts, lacking, goal=spec.targets[spec.primary_target].stage)}
    (out / FOLLOW_UP_FILE).write_text(
        json.dumps(record, indent=1, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8"
    )
    return labels.drop(columns="how", errors="ignore")


def weighted(
    labels: pd.DataFrame, context: StageContext, *, until_us: int | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return labels with ``weight`` and ``how`` each lead came to sales, and the first hand-over of each lead.

    With ``until_us`` a hand-over from then on is not known.
    """
    first = first_handovers(read_stages(context), read_handovers(context), context.spec())
    if until_us is not None:
        first = first[is_before(first["handed_over_us"], until_us)]
    rows = labels[["lead_id", "as_of_us"]].drop_duplicates(ignore_index=True)
    known = rows.join(handover_weights(rows, first))
    return labels.merge(known, on=["lead_id", "as_of_us"], how="left", validate="many_to_one"), first


def weigh_promotions(rows: pd.DataFrame, context: StageContext, *, every_us: int | None) -> pd.DataFrame:
    """Add column ``weight`` to looks where the source declares ``follow_up: promoted_only``.

    Parameters
    ----------
    rows : DataFrame
        ``lead_id``, ``as_of_us``.
    context : StageContext
    every_us : int or None
        Rhythm of the looks; None where each lead has one: then the hand-over belongs to it if it follows within a day.
    """
    spec = context.spec()
    if spec.follow_up != "promoted_only":
        return rows
    first = first_handovers(read_stages(context), read_handovers(context), spec)
    draw_us = spec.snapshots.every or DECISION_US
    return rows.assign(weight=promotion_weights(rows, first, draw_us=draw_us, look_us=every_us or DAY_US)[WEIGHT])


def warning(counts: Overlap, lacking: list[str], *, goal: str) -> str | None:
    """Return in words what cannot be learned, why, and what to do; None where there is nothing to warn of.

    ``lacking`` are the parts of the split with too few draws.
    """
    if counts.verdict is Answer.FAILED and not counts.declared:
        rate = counts.outcomes_promoted / counts.promoted
        return (
            f"none of the {counts.silent:,} leads that never became {counts.stage} reached {goal}, against {rate:.0%} "
            f"of the {counts.promoted:,} that did: it looks as if sales works promoted leads alone. Then their silence "
            "is not a no, and what is forecast and measured for leads below the cut-off repeats the cut-off. If so, "
            f"say follow_up: promoted_only in source.yaml, and {REMEDY}"
        )
    if counts.verdict is Answer.FAILED:
        return (
            f"sales works promoted leads alone, and {counts.drawn} leads below the cut-off were handed over by a draw "
            f"of known probability: of the {counts.silent:,} leads that were never handed over nothing can be learned. "
            "Forecasts below the cut-off are carried over from leads above it, and the evaluation speaks of leads "
            f"that were handed over alone. To know more, {REMEDY}"
        )
    if lacking:
        parts = " and ".join(lacking)
        return (
            f"fewer than {ENOUGH_DRAWN} leads below the cut-off were handed over by a draw in {parts}: what is fitted "
            "or measured there speaks of handed-over leads alone. The draws of the coming weeks will mend that"
        )
    return None


def _parts(rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Count, in each part, leads by how they came to sales; a lead counts once in each column it has a row in."""
    parts = {}
    for part in PARTS:
        part_rows = rows[rows["part"] == part]
        weights = even_weights(part_rows["lead_id"]) * part_rows[WEIGHT].to_numpy()
        leads = {
            how: int(part_rows.loc[part_rows["how"] == how, "lead_id"].nunique())
            for how in ("worked", "drawn", "silent")
        }
        parts[part] = leads | {"effective_leads": round(effective_leads(part_rows["lead_id"], weights), 1)}
    return parts


def _chances(first: pd.DataFrame) -> list[float] | None:
    drawn = first.loc[first["handed_over_by"] == "exploration", "probability"]
    return None if drawn.empty else [float(drawn.min()), float(drawn.max())]
