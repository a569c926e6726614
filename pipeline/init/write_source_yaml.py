"""The ``source.yaml`` of a new source folder, every line of it commented, and an example of rules."""

from __future__ import annotations

import yaml

from pipeline.init.guess import Guess, slug
from pipeline.init.stages.stage_words import is_sales_qualified

_SALES = ("call", "sales", "outbound", "meeting", "anruf", "vertrieb", "revenue stage", "stage changed", "change owner")
_MARKETING = ("sent", "delivered", "bounce", "versandt", "gesendet")
_HIGH = ("price", "pricing", "demo", "quote", "contact", "trial", "preis", "angebot")
_NEGATIVE = ("unsub", "career", "abbestellt", "karriere", "spam")
_LADDER = ("MQL", "SAL", "SQL", "WON")


def source_yaml(name: str, draft: Guess, questions: list[str]) -> str:
    """Return the text of ``source.yaml``.

    Parameters
    ----------
    name : str
        Of the source.
    draft : Guess
        What was understood.
    questions : list of str
        What remains a guess, a line each, with the readings and which was taken.
    """
    title = name.replace("_", " ").capitalize()
    asked = ["\n# What remains a guess:", *(f"#   {line}" for line in questions)] if questions else []
    sections = [
        "# A first guess, made by looking at the files. Every line may be wrong: read it through.",
        *asked,
        f"\nname: {name}" if asked else f"name: {name}",
        f"title: {_inline({'de': title, 'en': title})}",
        *_ladder_section(draft),
        *_snapshots_section(draft),
        *_dedupe_section(draft),
        _fit_section(draft),
        _events_section(draft),
        "\n# Leads that are never promoted, for example:",
        "# exclusions:",
        "#   - {name: students, when: [{column: fit_email_kind, in: [university]}]}",
    ]
    return "\n".join(section for section in sections if section) + "\n"


def _ladder_section(draft: Guess) -> list[str]:
    stages = draft.stages
    rungs = stages.ladder.rungs if stages else _LADDER
    lost = (stages.ladder.lost if stages else ()) or ("LOST",)
    recycled = (stages.ladder.recycled if stages else ()) or ("RECYCLED",)
    horizon = stages.horizon if stages else "90d"
    qualified = next((rung for rung in rungs[:-1] if is_sales_qualified(rung)), None)
    return [
        "\n# The stages a lead climbs, lowest first; the last is the win. Beside it: what ends a story or restarts it.",
        "# From SAL on, sales has the lead. Another rung where sales has it says so: {stage: NAME, with_sales: true}.",
        f"ladder: {_inline(list(rungs))}",
        f"lost: {_inline(list(lost))}",
        f"recycled: {_inline(list(recycled))}",
        *_times_section(draft),
        "\n# What is forecast: this stage, or one above it, entered within the horizon.",
        *(["# The horizon is a stand-in: it is named nowhere."] if draft.unknown_times else []),
        "targets:",
        *([f"  sql: {{stage: {_inline(qualified)}, horizon: {horizon}}}"] if qualified else []),
        f"  close: {{stage: {_inline(rungs[-1])}, horizon: {horizon}}}",
    ]


def _times_section(draft: Guess) -> list[str]:
    if draft.unknown_times is None:
        return []
    lacking = "when leads were won" if draft.unknown_times == "won" else "any time: the order of the rows stands for it"
    return [
        f"\n# The export does not tell {lacking}. So no horizon is named, and what cannot be had is said.",
        f"unknown_times: {draft.unknown_times}",
    ]


def _dedupe_section(draft: Guess) -> list[str]:
    if not draft.doubles:
        return []
    names = {item.column.name: item.name if item.left_out is None else item.column.name for item in draft.fit}
    columns = [names[one.column.name] for one in draft.doubles if one.column.name in names]
    counts = "; ".join(f"{one.people:,} people are {one.leads:,} leads by {one.column.name!r}" for one in draft.doubles)
    line = f"dedupe: {{by: {_inline(columns)}}}"
    return (
        [
            f"\n# {' '.join(counts.split())}. This line makes one lead of them, with the facts of all:",
            line if draft.joins_doubles else f"# {line}",
        ]
        if columns
        else []
    )


def _snapshots_section(draft: Guess) -> list[str]:
    lines = ["\n# When a lead is looked at. At creation: {anchor: created}. A week later: add after: 7d."]
    if not draft.events:
        lines += ["# What a nightly job sees: {anchor: created, after: 1d, every: 14d, until: 90d}."]
    elif draft.win_times_known:
        return [
            *lines,
            "# As a nightly job sees it: again and again, so that what a lead did since its creation enters the model.",
            "snapshots: {anchor: created, after: 1d, every: 14d, until: 90d}",
        ]
    else:
        lines += [
            "# Once the wins have real times, {anchor: created, after: 1d, every: 14d, until: 90d} lets events enter;",
            "# until then every look after the creation would come too late.",
        ]
    return [*lines, "snapshots: {anchor: created, after: 0}"]


def _inline(value: object) -> str:
    """Return a value as YAML on one line."""
    return (
        yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000).removesuffix("...\n").strip()
    )


def _fit_section(draft: Guess) -> str:
    fit = draft.fit
    lines = [
        "\n# Who the lead is. Types: category, number, boolean, job_title, email, text. Only what was known from the",
        "# start; what is filled in later needs its history in changes.sql and known: changes.",
        *(
            []
            if draft.win_times_known
            else [
                "# No source_rate: true here. The times of winning are made up (see stages.sql), so the past",
                "# conversion rate of a campaign would know outcomes that nobody knew yet.",
            ]
        ),
        "fit:" if any(item.left_out is None for item in fit) else "fit: {}",
    ]
    for item in fit:
        words = _inline({"de": item.column.name, "en": item.column.name})
        rate = ", source_rate: true" if item.source_rate else ""
        line = f"{item.name}: {{type: {item.type}{rate}, words: {words}}}"
        lines.append(f"  {line}" if item.left_out is None else f"  # {line}   # left out: {item.left_out}")
    return "\n".join(" ".join(line.split("\n")) if "left out" in line else line for line in lines)


def _events_section(draft: Guess) -> str:
    lines = [
        "\n# What leads did and what was done to them. Types of one family are counted together.",
        "# actor: lead, marketing or sales. intent: high, low, neutral or negative.",
    ]
    families = _families(draft)
    if not families:
        return ""
    lines.append("events:")
    for family, event_type in families.items():
        lower = event_type.lower()
        actor = "sales" if _any(lower, _SALES) else "marketing" if _any(lower, _MARKETING) else "lead"
        intent = (
            "negative" if _any(lower, _NEGATIVE) else "high" if actor == "lead" and _any(lower, _HIGH) else "neutral"
        )
        words = _inline({"de": event_type, "en": event_type})
        lines.append(
            f"  {family}: {{types: {_inline([event_type])}, actor: {actor}, intent: {intent}, words: {words}}}"
        )
    return "\n".join(lines)


def _families(draft: Guess) -> dict[str, str]:
    """Return event types by family name: one family a type."""
    families: dict[str, str] = {}
    for event_type in dict.fromkeys(name for one in draft.events for name in one.types):
        family = slug(event_type)
        while family in families:
            family += "_"
        families[family] = event_type
    return families


def _any(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)


def rules_yaml(draft: Guess) -> str:
    """Return the text of an example of rules."""
    categories = [
        item for item in draft.fit if item.left_out is None and item.type == "category" and item.column.common
    ]
    numbers = [item for item in draft.fit if item.left_out is None and item.type == "number"]
    lines = [
        "# The points you give today. Write them down and rename this file to rules.yaml: then every report compares",
        "# the forecast with them. The figures here are examples and nobody's rules.",
        "attributes:",
        *(f"  - {{column: fit_{c.name}, in: {_inline([c.column.common[0]])}, points: 10}}" for c in categories[:1]),
        *(f"  - {{column: fit_{c.name}, at_least: 1, points: 5}}" for c in numbers[:1]),
        *([] if categories or numbers else ["  - {column: fit_completeness_share, at_least: 0.5, points: 10}"]),
    ]
    families = list(_families(draft))
    if families:
        lines.append("actions:   # for each event, of the last 30 days, at most cap")
        lines += [f"  - {{family: {family}, points: 5, within: 30d, cap: 20}}" for family in families[:3]]
    return "\n".join([*lines, "cutoffs: {MQL: 10, SAL: 20}"]) + "\n"
