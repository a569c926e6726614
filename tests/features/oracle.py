"""Every feature once more: slow and plain, as the list of columns defines it, and never as the pipeline computes it.

The facts of one lead are looked through one by one for each look; a fact is known when ``time <= as_of``.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

import pandas as pd

from features.families.email_domains import address_kind
from features.families.job_titles import function, seniority
from features.source_columns import BANT, EventFamily
from features.source_spec import FeatureOptions, SourceSpec
from features.tables.facts import FactFrames
from features.tables.written_values import NO, YES
from features.time_units import format_duration, to_micros

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
WEEK_US = 7 * DAY_US
NAN = float("nan")
Value = float | str | None


@dataclass
class Lead:
    """All that the tables say about one lead, ever."""

    lead_id: str
    created: int
    account: str | None
    values: dict[str, object]
    changes: list[tuple[int, str, str | None]] = field(default_factory=list)
    """Time, field, value."""
    events: list[tuple[int, str, str, str | None]] = field(default_factory=list)
    """Time, event type, actor, who acted."""
    stages: list[tuple[int, str]] = field(default_factory=list)
    """Time, stage."""


def expected_rows(
    frames: FactFrames, looks: pd.DataFrame, spec: SourceSpec, options: FeatureOptions
) -> list[dict[str, Value]]:
    """Return the feature row of each look, in the order of the looks."""
    leads = read(frames, spec)
    return [
        row(leads[lead_id], int(as_of), leads, spec, options)
        for lead_id, as_of in looks[["lead_id", "as_of_us"]].itertuples(index=False, name=None)
    ]


def read(frames: FactFrames, spec: SourceSpec) -> dict[str, Lead]:
    leads = {}
    for line in lines(frames.leads, "created"):
        leads[line["lead_id"]] = Lead(line["lead_id"], line["time"], line.get("account_id"), line)
    for line in lines(frames.changes, "changed"):
        leads[line["lead_id"]].changes.append((line["time"], line["field"], line["value"]))
    for line in lines(frames.events, "occurred"):
        who = line.get(spec.who_acted) if spec.who_acted else None
        leads[line["lead_id"]].events.append((line["time"], line["event_type"], line["actor"], who))
    for line in lines(frames.stages, "entered"):
        leads[line["lead_id"]].stages.append((line["time"], line["stage"]))
    return leads


def lines(frame: pd.DataFrame | None, stem: str) -> list[dict]:
    if frame is None:
        return []
    times = frame[f"{stem}_us"] if f"{stem}_us" in frame else to_micros(frame[f"{stem}_at"])
    rows = frame.assign(time=times.astype("int64")).astype(object).to_dict("records")
    return [{name: None if pd.isna(value) else value for name, value in row.items()} for row in rows]


def row(lead: Lead, as_of: int, leads: dict[str, Lead], spec: SourceSpec, options: FeatureOptions) -> dict[str, Value]:
    return {
        **fit(lead, as_of, spec),
        **behaviour(lead, as_of, spec, options),
        **calendar(lead, as_of, spec),
        **journey(lead, as_of, spec, options),
        **staff(lead, as_of, spec),
        **stages(lead, as_of, spec),
        **account(lead, as_of, leads, spec),
        **source_rates(lead, as_of, leads, spec),
    }


def fit(lead: Lead, as_of: int, spec: SourceSpec) -> dict[str, Value]:  # noqa: C901 - a case a type
    result: dict[str, Value] = {}
    filled = {}
    for name, column in spec.fit.items():
        value = lead.values.get(name) if column.known == "created" else last_change(lead, as_of, name)
        if isinstance(value, str) and value.strip() == "":
            value = None
        if column.type == "number":
            value = number(value)
        if column.type == "boolean":
            value = boolean(value)
        filled[name] = value is not None
        match column.type:
            case "number" | "boolean":
                result[f"fit_{name}"] = NAN if value is None else float(value)
            case "category":
                result[f"fit_{name}"] = value
            case "text":
                result[f"fit_{name}_given"] = 0.0 if value is None else 1.0
            case "email":
                result[f"fit_{name}_kind"] = "unknown" if value is None else address_kind(value)
            case "job_title":
                result[f"fit_{name}_seniority"] = "unknown" if value is None else seniority(value)
                result[f"fit_{name}_function"] = "unknown" if value is None else function(value)
    result["fit_completeness_share"] = sum(filled.values()) / len(filled) if filled else 1.0
    bant = [filled[name] for name, column in spec.fit.items() if column.role in BANT]
    if bant:
        result["fit_bant_known_count"] = float(sum(bant))
    return result


def last_change(lead: Lead, as_of: int, name: str) -> str | None:
    """Of several at one time the greatest text is the last; nothing is less than any text."""
    known = [(time, value is not None, value or "") for time, field, value in lead.changes if field == name]
    known = [change for change in known if change[0] <= as_of]
    if not known:
        return None
    _, there, value = max(known)
    return value if there else None


def number(value: object) -> float | None:
    if isinstance(value, str):
        if set(value.strip()) - set("0123456789.+-eE"):
            return None
        try:
            value = float(value)
        except ValueError:
            return None
    return None if value is None or not math.isfinite(value) else float(value)


def boolean(value: object) -> float | None:
    if isinstance(value, str):
        word = value.strip().lower()
        return 1.0 if word in YES else 0.0 if word in NO else None
    return None if value is None else float(bool(value))


def times_of(lead: Lead, as_of: int, family: EventFamily, types: tuple[str, ...]) -> list[int]:
    return sorted(
        time for time, kind, actor, _ in lead.events if time <= as_of and kind in types and actor == family.actor
    )


def behaviour(lead: Lead, as_of: int, spec: SourceSpec, options: FeatureOptions) -> dict[str, Value]:
    result: dict[str, Value] = {}
    for name, family in spec.model_families().items():
        times = times_of(lead, as_of, family, family.types)

        def within(window: int, times: list[int] = times) -> int:
            return len([time for time in times if time > as_of - window])

        columns: dict[str, dict[str, Value]] = {
            "count": {f"count_{format_duration(us)}": float(within(us)) for us in options.windows},
            "count_ever": {"count_ever": float(len(times))},
            "decayed": {
                f"decayed_{format_duration(us)}": math.fsum(0.5 ** ((as_of - time) / us) for time in times)
                for us in options.half_lives
            },
            "days_since_last": {"days_since_last": (as_of - times[-1]) / DAY_US if times else NAN},
            "distinct_days": {"distinct_days": float(len({time // DAY_US for time in times}))},
            "open": {"open": still_open(lead, as_of, family)},
            "hours": {"hours": worked(lead, as_of, family)},
        }
        windows = sorted(set(options.windows))
        if len(windows) > 1:  # the two in the middle
            short, long = windows[(len(windows) - 1) // 2 :][:2]
            lately = within(short) / (short / WEEK_US)
            before = (within(long) - within(short)) / ((long - short) / WEEK_US)
            columns["trend"] = {"trend": lately - before if times else NAN}
        for measure, values in columns.items():
            if family.has(measure):
                result |= {f"behaviour_{name}_{column}": value for column, value in values.items()}
    return result


def still_open(lead: Lead, as_of: int, family: EventFamily) -> Value:
    opened = times_of(lead, as_of, family, (*family.types, *family.scheduled))
    ended = times_of(lead, as_of, family, family.ends)
    if not opened and not ended:
        return NAN
    return float(bool(opened) and (not ended or opened[-1] > ended[-1]))


def worked(lead: Lead, as_of: int, family: EventFamily) -> Value:
    """An end takes the latest beginning since the end before."""
    total, before = 0, -math.inf
    for end in sorted(set(times_of(lead, as_of, family, family.ends))):
        begun = [time for time in times_of(lead, as_of, family, family.types) if before < time <= end]
        total += end - begun[-1] if begun else 0
        before = end
    return total / HOUR_US


def calendar(lead: Lead, as_of: int, spec: SourceSpec) -> dict[str, Value]:
    moment, name = (as_of, "as_of") if spec.snapshots.every is None else (lead.created, "created")
    stamp = pd.Timestamp(moment, unit="us", tz="UTC")
    result: dict[str, Value] = {
        "journey_days_since_created": (as_of - lead.created) / DAY_US,
        f"journey_{name}_weekday": float(stamp.weekday()),
        f"journey_{name}_hour": float(stamp.hour),
    }
    if spec.snapshots.anchor != "created":
        entered = first_entry(lead, (spec.snapshots.anchor.removeprefix("stage:"),))
        result["journey_days_since_anchor"] = (as_of - entered) / DAY_US if entered <= as_of else NAN
    return result


def first_entry(lead: Lead, names: tuple[str, ...]) -> float:
    """Return when one of some stages was entered first, or the end of time."""
    return min((time for time, stage in lead.stages if stage in names), default=math.inf)


def own_acts(lead: Lead, spec: SourceSpec) -> list[tuple[int, int, str]]:
    """Return time, place of the family, family, of what the lead did itself, ever; in order."""
    acts = []
    for time, kind, actor, _ in lead.events:
        for place, (name, family) in enumerate(spec.model_families().items()):
            if family.actor == actor == "lead" and kind in family.types:
                acts.append((time, place, name))
    return sorted(acts)


def journey(lead: Lead, as_of: int, spec: SourceSpec, options: FeatureOptions) -> dict[str, Value]:
    families = {name: family for name, family in spec.model_families().items() if family.actor == "lead"}
    if not families:
        return {}
    acts = [(time, name) for time, _, name in own_acts(lead, spec) if time <= as_of]
    times = [time for time, _ in acts]
    days = sorted({time // DAY_US for time in times})
    high = [time for time, name in acts if families[name].intent == "high"]
    low = [time for time, name in acts if families[name].intent == "low"]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    result: dict[str, Value] = {
        "first_family": acts[0][1] if acts else None,
        "last_family": acts[-1][1] if acts else None,
        "families_count": float(len({name for _, name in acts})),
        "sessions_count": float(bool(acts) + len([gap for gap in gaps if gap > options.session_gap])),
        "active_days_count": float(len(days)),
        "events_per_active_day": len(acts) / len(days) if days else NAN,
        "days_since_last_event": (as_of - times[-1]) / DAY_US if acts else NAN,
        "days_between_last_two_active_days": float(days[-1] - days[-2]) if len(days) > 1 else NAN,
        "mean_days_between_active_days": (days[-1] - days[0]) / (len(days) - 1) if len(days) > 1 else NAN,
    }
    intents = {family.intent for family in families.values()}
    if "high" in intents:
        result["first_family_high_intent"] = float(families[acts[0][1]].intent == "high") if acts else NAN
        result["high_intent_count"] = float(len(high))
        result["days_to_first_high_intent"] = (high[0] - lead.created) / DAY_US if high else NAN
    if {"high", "low"} <= intents:
        before = [len([time for time in low if time < one]) for one in high]
        result["low_intent_before_first_high_count"] = float(before[0]) if before else NAN
        result["high_intent_after_three_low_count"] = float(len([count for count in before if count >= 3]))
    return {f"journey_{name}": value for name, value in result.items()}


def staff(lead: Lead, as_of: int, spec: SourceSpec) -> dict[str, Value]:
    if spec.who_acted is None:
        return {}
    kinds = {kind for family in spec.model_families().values() if family.actor == "sales" for kind in family.all_types}
    acts = sorted(
        (time, who)
        for time, kind, actor, who in lead.events
        if time <= as_of and actor == "sales" and kind in kinds and who is not None
    )
    people = [who for _, who in acts]
    handovers = [1 for one, other in itertools.pairwise(people) if one != other]
    return {"journey_staff_count": float(len(set(people))), "journey_handovers_count": float(len(handovers))}


def stages(lead: Lead, as_of: int, spec: SourceSpec) -> dict[str, Value]:
    order = [*spec.recycled, *spec.ladder, *spec.lost]
    known = sorted((time, order.index(stage)) for time, stage in lead.stages if time <= as_of and stage in order)
    result: dict[str, Value] = {
        "journey_current_stage": order[known[-1][1]] if known else None,
        "journey_days_in_stage": (as_of - known[-1][0]) / DAY_US if known else NAN,
        "journey_stage_entries_count": float(len(known)),
    }
    if spec.recycled:
        result["journey_recycled_count"] = float(len([1 for _, place in known if order[place] in spec.recycled]))
    for stage in spec.ladder[:-1]:
        entered = first_entry(lead, (stage,))
        hours = (entered - lead.created) / HOUR_US if entered <= as_of else NAN
        result[f"journey_hours_to_{stage.lower().replace(' ', '_')}"] = hours
    return result


def account(lead: Lead, as_of: int, leads: dict[str, Lead], spec: SourceSpec) -> dict[str, Value]:
    """Nobody knows that another lead belongs to the account before that lead is there."""
    others = [
        other
        for other in leads.values()
        if other is not lead and lead.account is not None and other.account == lead.account and other.created <= as_of
    ]
    stage = spec.targets[spec.primary_target].stage
    reached = [one for one in others if first_entry(one, spec.stages_reaching(stage)) <= as_of]
    won = [max(first_entry(one, (spec.ladder[-1],)), one.created) for one in others]
    won = [time for time in won if time <= as_of]
    acts = [max(time, one.created) for one in others for time, _, _ in own_acts(one, spec)]
    result: dict[str, Value] = {
        "account_other_leads_count": float(len(others)),
        "account_others_reached_count": float(len(reached)),
        "account_others_won_count": float(len(won)),
        "account_days_since_last_won": (as_of - max(won)) / DAY_US if won else NAN,
        "account_other_events_count_30d": float(len([1 for time in acts if as_of - 30 * DAY_US < time <= as_of])),
    }
    if stage == spec.ladder[-1]:
        del result["account_others_reached_count"]  # the same as won
    return result


def source_rates(lead: Lead, as_of: int, leads: dict[str, Lead], spec: SourceSpec) -> dict[str, Value]:
    target = spec.targets[spec.primary_target]
    outcomes = []
    for other in leads.values():
        reached = first_entry(other, spec.stages_reaching(target.stage))
        if other is not lead and other.created + target.horizon <= as_of and not reached <= other.created:
            outcomes.append((other, reached <= other.created + target.horizon))
    result: dict[str, Value] = {}
    for name, column in spec.fit.items():
        if not column.source_rate:
            continue
        value = lead.values.get(name)
        alike = [converted for other, converted in outcomes if other.values.get(name) == value]
        everybody = sum(converted for _, converted in outcomes) / len(outcomes) if outcomes else 0.0
        lift = NAN
        if value is not None and everybody > 0:
            # drawn to all leads with the weight of 20
            lift = (sum(alike) + 20 * everybody) / (len(alike) + 20) / everybody
        result[f"source_{name}_{spec.primary_target}_lift"] = lift
    return result
