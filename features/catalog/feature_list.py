"""The one list of features: name, family, type, unit, words and definition of every column of a feature row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from features.catalog.behaviour_columns import behaviour_list, trend_windows
from features.catalog.feature import Dtype, Feature, described
from features.catalog.wording import plain_words
from features.language.languages import Words
from features.language.sentences import duration_words
from features.source_spec import BANT, EventFamily, FeatureOptions, FitColumn, SourceSpec
from features.time_units import DAY_US, format_duration

__all__ = [
    "ACCOUNT_WINDOW_US",
    "Feature",
    "calendar_moment",
    "feature_list",
    "lead_families",
    "open_ladder",
    "slug",
    "trend_windows",
]

ACCOUNT_WINDOW_US = 30 * DAY_US
"""How far back the actions of an account's other leads are counted."""


def feature_list(spec: SourceSpec, options: FeatureOptions) -> tuple[Feature, ...]:
    """Return the features of a source, in the order of the columns of a feature row.

    Parameters
    ----------
    spec : SourceSpec
        Its fit columns, event families, ladder and primary target.
    options : FeatureOptions
        Windows and half-lives.
    """
    families = (_fit(spec), behaviour_list(spec, options), _journey(spec), _account(spec), _source(spec))
    return tuple(feature for family in families for feature in family)


def _fit(spec: SourceSpec) -> Iterator[Feature]:
    for column, declared in spec.fit.items():
        yield from _fit_column(column, declared, declared.words or plain_words(column))
    yield described(
        "fit_completeness_share", "number", "share", "completeness",
        "Share of the declared columns that hold a value as known at the as-of time", measure="completeness_share",
    )  # fmt: skip
    if any(declared.role in BANT for declared in spec.fit.values()):
        yield described(
            "fit_bant_known_count", "number", "count", "bant",
            "Number of columns with a BANT role that hold a value as known at the as-of time",
            measure="bant_known_count",
        )  # fmt: skip


def _fit_column(column: str, declared: FitColumn, thing: Words) -> Iterator[Feature]:
    source = "as it stood at creation" if declared.known == "created" else "by its last change known at the as-of time"
    name = f"fit_{column}"
    match declared.type:
        case "job_title":
            for measure in ("seniority", "function"):
                definition = f"{measure.capitalize()} read from the job title in {column}, {source}"
                yield described(f"{name}_{measure}", "category", "", column, definition, measure=measure, thing=thing)
        case "email":
            definition = f"Kind of the domain of the address in {column}, {source}"
            yield described(f"{name}_kind", "category", "", column, definition, measure="kind", thing=thing)
        case "text":
            definition = f"Whether {column} holds any text, {source}"
            yield described(f"{name}_given", "boolean", "", column, definition, measure="given", thing=thing)
        case "number" | "boolean" | "category":
            yield described(
                name, declared.type, "", column, f"{column}, {source}", measure="value", thing=thing,
                values=tuple(declared.value_words.items()),
            )  # fmt: skip


def slug(stage: str) -> str:
    """Return a stage as part of a column name: ``Offer sent`` becomes ``offer_sent``."""
    return re.sub(r"\W+", "_", stage).strip("_").lower()


def lead_families(spec: SourceSpec) -> dict[str, EventFamily]:
    """Return the families of what leads do themselves: only these tell order, tempo and interest."""
    return {name: family for name, family in spec.model_families().items() if family.actor == "lead"}


def open_ladder(spec: SourceSpec) -> dict[str, str]:
    """Return the rungs below the top, keyed by their part of a column name."""
    return {slug(stage): stage for stage in spec.ladder[:-1]}


def calendar_moment(spec: SourceSpec) -> Literal["created", "as_of"]:
    """Return the moment whose weekday and hour are features: creation where a nightly job looks, else the look itself.

    With ``snapshots.every`` past looks keep the hour of creation (or of the anchor) while tonight's all have the
    job's hour: a model would learn from the clock of its own rows.
    """
    return "as_of" if spec.snapshots.every is None else "created"


def _journey(spec: SourceSpec) -> Iterator[Feature]:
    moment = calendar_moment(spec)
    said = "creation" if moment == "created" else "as_of"
    yield from _listed(
        ("days_since_created", "number", "days", "age", "Days from creation to as_of"),
        (f"{moment}_weekday", "number", "", "calendar", f"UTC weekday of {said}, Monday is 0"),
        (f"{moment}_hour", "number", "hours", "calendar", f"UTC hour of {said}, 0 to 23"),
    )
    if spec.snapshots.anchor != "created":
        stage = spec.snapshots.anchor.removeprefix("stage:")
        yield described(
            "journey_days_since_anchor", "number", "days", "age", f"Days from the first entry into {stage} to as_of",
            measure="days_since_anchor", thing=Words.same(stage),
        )  # fmt: skip
    yield from _actions(spec)
    yield from _staff(spec)
    yield from _stages(spec)


def _actions(spec: SourceSpec) -> Iterator[Feature]:
    families = lead_families(spec)
    intents = {family.intent for family in families.values()}
    if not families:
        return
    named = tuple((name, family.words or plain_words(name)) for name, family in families.items())
    for which in ("first", "last"):
        yield described(
            f"journey_{which}_family", "category", "", "order",
            f"Family of the lead's {which} event; of several at one time, the {which} in the source's order",
            measure=f"{which}_family", values=named,
        )  # fmt: skip
    yield from _listed(
        ("families_count", "number", "count", "tempo", "Number of event families with events of the lead"),
        ("sessions_count", "number", "count", "tempo", "Number of runs of the lead's events without a session gap"),
        ("active_days_count", "number", "days", "tempo", "Number of UTC days with events of the lead"),
        ("events_per_active_day", "number", "count", "tempo", "The lead's events by its active days"),
        ("days_since_last_event", "number", "days", "tempo", "Days from the lead's last event to as_of"),
        ("days_between_last_two_active_days", "number", "days", "tempo", "Days between the last two active days"),
        ("mean_days_between_active_days", "number", "days", "tempo", "Mean of the days between active days"),
    )
    if "high" in intents:
        yield from _listed(
            ("first_family_high_intent", "boolean", "", "order", "Whether the first event's family has high intent"),
            ("high_intent_count", "number", "count", "order", "Number of the lead's high-intent events"),
            (
                "days_to_first_high_intent",
                "number",
                "days",
                "order",
                "Days from creation to the first high-intent event",
            ),
        )
    if {"high", "low"} <= intents:
        yield from _listed(
            ("low_intent_before_first_high_count", "number", "count", "order",
             "Number of low-intent events strictly before the first high-intent event"),
            ("high_intent_after_three_low_count", "number", "count", "order",
             "Number of high-intent events with at least three low-intent events strictly before"),
        )  # fmt: skip


def _staff(spec: SourceSpec) -> Iterator[Feature]:
    if spec.who_acted is not None:
        yield from _listed(
            ("staff_count", "number", "count", "staff", "Number of people of the staff who acted up to as_of"),
            ("handovers_count", "number", "count", "staff",
             "Number of times that somebody else of the staff acted than the time before"),
        )  # fmt: skip


def _stages(spec: SourceSpec) -> Iterator[Feature]:
    yield from _listed(
        ("current_stage", "category", "", "stage", "Stage entered last; of several at one time, the highest"),
        ("days_in_stage", "number", "days", "stage", "Days from the last entry into any stage to as_of"),
        ("stage_entries_count", "number", "count", "stage", "Number of entries into stages up to as_of"),
    )
    if spec.recycled:
        definition = f"Number of entries into {', '.join(spec.recycled)} up to as_of"
        yield from _listed(("recycled_count", "number", "count", "stage", definition))
    for part, stage in open_ladder(spec).items():
        yield described(
            f"journey_hours_to_{part}", "number", "hours", "stage",
            f"Hours from creation to the first entry into {stage}",
            measure="hours_to_stage", thing=Words.same(stage),
        )  # fmt: skip


def _listed(*rows: tuple[str, Dtype, str, str, str]) -> Iterator[Feature]:
    for measure, dtype, unit, subject, definition in rows:
        yield described(f"journey_{measure}", dtype, unit, subject, definition, measure=measure)


def _account(spec: SourceSpec) -> Iterator[Feature]:
    target = spec.targets[spec.primary_target]
    thing = target.words or Words.same(target.stage)
    rows = [
        ("other_leads_count", "count", "Other leads of the same account created by as_of"),
        ("others_reached_count", "count", f"Other leads of the same account that reached {target.stage} by as_of"),
        ("others_won_count", "count", "Other leads of the same account won by as_of"),
        ("days_since_last_won", "days", "Days from the last win among the account's other leads to as_of"),
    ]
    for measure, unit, definition in rows:
        if measure == "others_reached_count" and target.stage == spec.ladder[-1]:
            continue  # the same as won
        yield described(f"account_{measure}", "number", unit, "account", definition, measure=measure, thing=thing)
    window = format_duration(ACCOUNT_WINDOW_US)
    yield described(
        f"account_other_events_count_{window}", "number", "count", "account",
        f"Events of the account's other leads by themselves in (as_of - {window}, as_of]",
        measure="other_events_count", window=duration_words(ACCOUNT_WINDOW_US),
    )  # fmt: skip


def _source(spec: SourceSpec) -> Iterator[Feature]:
    target = spec.targets[spec.primary_target]
    for column, declared in spec.fit.items():
        if not declared.source_rate:
            continue
        thing = declared.words or plain_words(column)
        yield described(
            f"source_{column}_{spec.primary_target}_lift", "number", "times", column,
            f"Share of leads with the same {column} that reached {target.stage} within "
            f"{format_duration(target.horizon)} of creation, over leads whose time was up by as_of, without this lead, "
            "drawn to the share of all such leads, and divided by it; missing while none has reached it",
            measure="source_lift", thing=thing, window=target.words or Words.same(target.stage),
        )  # fmt: skip


CURRENT_STAGE = "journey_current_stage"
"""With the hours to each rung, the feature that tells whether a lead has reached a target already."""
