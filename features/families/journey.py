"""The journey: age, order and tempo of what the lead did, hands, stages; each in a module of its own."""

from __future__ import annotations

from collections.abc import Iterator

from features.catalog.wording import plain_words
from features.families.actions import ACTIONS
from features.families.calendar import CALENDAR
from features.families.measure import Column, column
from features.families.staff import STAFF
from features.families.stages import ANCHOR, HOURS_TO_STAGE, STAGES, open_ladder
from features.kernel.block import lead_families
from features.language.languages import Words
from features.source_spec import FeatureOptions, SourceSpec


def columns(spec: SourceSpec, options: FeatureOptions) -> Iterator[Column]:
    """Yield the columns of the journey, in the order of a feature row."""
    named = tuple((name, family.words or plain_words(name)) for name, family in lead_families(spec).items())
    for measure in CALENDAR:
        if measure.has(spec):
            yield column(measure, "journey")
    if ANCHOR.has(spec):
        stage = spec.snapshots.anchor.removeprefix("stage:")
        yield column(ANCHOR, "journey", parameter=stage, thing=Words.same(stage), stage=stage)
    for measure in (*ACTIONS, *STAFF, *STAGES):
        if measure.has(spec):
            values = named if measure in ACTIONS and measure.dtype == "category" else ()
            yield column(measure, "journey", values=values, recycled=", ".join(spec.recycled))
    for part, stage in open_ladder(spec).items():
        yield column(
            HOURS_TO_STAGE, "journey", name=f"hours_to_{part}", parameter=stage, thing=Words.same(stage), stage=stage
        )
