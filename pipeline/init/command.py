"""``leadscore init``: a commented starting source folder, written by looking at somebody's files."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb
import yaml

from features.errors import InputError
from pipeline.init.guess import MOST_FAMILIES, Guess, guess, slug
from pipeline.init.look_at_files import FileLook, look_at
from pipeline.init.value_lines import files_section, offered_lines, remarks
from pipeline.runner.progress import say
from pipeline.source.folder import read_source
from pipeline.source.sql import identifier, literal

_SALES = ("call", "sales", "outbound", "meeting", "anruf", "vertrieb")
_MARKETING = ("sent", "delivered", "bounce", "versandt", "gesendet")
_HIGH = ("price", "pricing", "demo", "quote", "contact", "trial", "preis", "angebot")
_NEGATIVE = ("unsub", "career", "abbestellt", "karriere", "spam")


def start_source(name: str, files: Sequence[Path], into: Path) -> Path:
    """Write a starting source folder and say what was guessed.

    Parameters
    ----------
    name : str
        Name of the source: lower case letters, digits, underscores.
    files : sequence of Path
        CSV, Parquet or JSON files, all in one folder (the data folder of later runs).
    into : Path
        Folder that gets the new source folder.

    Returns
    -------
    Path
        The new folder.

    Raises
    ------
    InputError
        If the name cannot be used, the folder is there already, or no file looks like leads.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise InputError(expected="a name of lower case letters, digits and underscores", found=repr(name))
    folder = into / name
    if folder.exists():
        raise InputError(expected="a new folder", found=f"{folder} is there already", hint="Choose another name")
    if not files:
        raise InputError(expected="at least one file", found="none", hint="leadscore init NAME --from leads.csv")
    if len({file.resolve().parent for file in files}) > 1:
        raise InputError(expected="files of one folder", found="files of several", hint="Copy them into one folder")
    with duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}) as con:
        con.execute("SET TimeZone = 'UTC'")
        looks = [look_at(con, file) for file in files]
        draft = guess(con, looks)
    _write_whole(folder, _texts(name, draft, looks))
    for line in [*draft.said, *remarks(looks)]:
        say(line)
    say(f"Now look through {folder}/source.yaml, then: leadscore check {folder} --data {files[0].resolve().parent}")
    return folder


def _write_whole(folder: Path, texts: dict[str, str]) -> None:
    """Write all files, read them back as a source, and only then put the folder in its place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".init-") as scratch:
        draft = Path(scratch) / folder.name
        draft.mkdir()
        for file_name, text in texts.items():
            (draft / file_name).write_text(text, encoding="utf-8")
        read_source(draft)
        shutil.move(draft, folder)


def _texts(name: str, draft: Guess, looks: Sequence[FileLook]) -> dict[str, str]:
    texts = {
        "source.yaml": _source_yaml(name, draft) + "\n".join(files_section(looks)) + "\n",
        "leads.sql": _leads_sql(draft),
    }
    if draft.events is not None:
        texts["events.sql"] = _events_sql(draft)
    if draft.stages is not None:
        texts["stages.sql"] = draft.stages
    texts["rules.example.yaml"] = _rules_yaml(draft)
    return texts


def _leads_sql(draft: Guess) -> str:
    items = [f"{identifier(draft.lead_id.name)} AS lead_id", f"{draft.created.sql} AS created_at"]
    items += [f"{identifier(draft.account.name)} AS account_id"] if draft.account else []
    fit_columns = [item for item in draft.fit if item.left_out is None]
    lines = ",\n    ".join([*items, *(f"{item.column.sql} AS {item.name}" for item in fit_columns)])
    head = "-- One row a lead. Plain DuckDB SQL; file names are looked up in the data folder."
    forms = {item.column.number_form for item in fit_columns}
    head += "\n-- Numbers such as 110.285,50 are read as 110285.50." if "german" in forms else ""
    head += "\n-- Numbers such as 110,285.50 are read as 110285.50." if "american" in forms else ""
    left = [f",\n    {identifier(item.column.name)}" for item in draft.fit if item.left_out and item.column.filled]
    note = "\n    -- not declared in source.yaml, so not used; 'leadscore check' looks at them too" if left else ""
    tail = "".join(left)
    body = lines + (tail.replace(",\n", f",{note}\n", 1) if tail else "")
    return f"{head}\n{offered_lines(draft.leads)}SELECT\n    {body}\nFROM {draft.leads.relation}\n"


def _families(draft: Guess) -> dict[str, str]:
    """Return event types by family name: one family a type, the most frequent types only."""
    if draft.events is None:
        return {}
    families: dict[str, str] = {}
    for event_type in draft.events[3].common[:MOST_FAMILIES]:
        family = slug(event_type)
        while family in families:
            family += "_"
        families[family] = event_type
    return families


def _events_sql(draft: Guess) -> str:
    assert draft.events is not None
    look, key, time, type_ = draft.events
    type_literals = ", ".join(literal(event_type) for event_type in _families(draft).values())
    where = (
        f"WHERE {identifier(type_.name)} IN ({type_literals})"
        if type_.values > MOST_FAMILIES
        else (f"WHERE {identifier(type_.name)} IS NOT NULL")
    )
    return (
        "-- What happened, one row an event. Outcomes belong into stages.sql, not here.\n"
        f"SELECT\n    {identifier(key.name)} AS lead_id,\n    {time.sql} AS occurred_at,\n"
        f"    {identifier(type_.name)} AS event_type\nFROM {look.relation}\n{where}\n"
    )


def _source_yaml(name: str, draft: Guess) -> str:
    title = name.replace("_", " ").capitalize()
    sections = [
        "# A first guess, made by looking at the files. Every line may be wrong: read it through.",
        f"name: {name}",
        f"title: {_inline({'de': title, 'en': title})}",
        "\n# The stages a lead climbs, lowest first; the last is the win. Beside it: what ends a story or restarts it.",
        "# From SAL on, sales has the lead. Another rung where sales has it says so: {stage: NAME, with_sales: true}.",
        f"ladder: {_inline(list(draft.ladder))}",
        f"lost: {_inline(list(draft.lost))}",
        f"recycled: {_inline(list(draft.recycled))}",
        "\n# What is forecast: this stage, or one above it, entered within the horizon.",
        "targets:",
        *([f"  sql: {{stage: SQL, horizon: {draft.horizon}}}"] if "SQL" in draft.ladder[:-1] else []),
        f"  close: {{stage: {_inline(draft.ladder[-1])}, horizon: {draft.horizon}}}",
        *_snapshots_section(draft),
        _fit_section(draft),
        _events_section(draft),
        "\n# Leads that are never promoted, for example:",
        "# exclusions:",
        "#   - {name: students, when: [{column: fit_email_kind, in: [university]}]}",
    ]
    return "\n".join(section for section in sections if section) + "\n"


def _snapshots_section(draft: Guess) -> list[str]:
    lines = ["\n# When a lead is looked at. At creation: {anchor: created}. A week later: add after: 7d."]
    if draft.events is None:
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


def _any(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)


def _rules_yaml(draft: Guess) -> str:
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
