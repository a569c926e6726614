"""The sheets to type a points table from: one for HubSpot, one for Marketo, one for Salesforce.

How each tool's screens take the lines, and what they cannot do, stands in ``docs/points.md``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from features.catalog.feature import Feature
from features.source_spec import SourceSpec
from models.rules.points import PointsRules
from pipeline.pages.spreadsheet import csv_text
from pipeline.points.sheet_lines import Line, sheet_lines

SheetRow = dict[str, str]


def sheets(rules: PointsRules, features: Sequence[Feature], spec: SourceSpec) -> dict[str, str]:
    """Return the three sheets as CSV text, by file name.

    Parameters
    ----------
    rules : PointsRules
        A compiled table: whole points, caps, no half-lives.
    features : sequence of Feature
        How columns and values are called.
    spec : SourceSpec
        Likewise, and its exclusions.

    Returns
    -------
    dict of str to str
        ``hubspot.csv``, ``marketo.csv``, ``salesforce.csv``; a cell that a spreadsheet would run as a formula has an
        apostrophe before it.
    """
    lines = sheet_lines(rules, {feature.name: feature for feature in features}, spec)
    renderers: Mapping[str, tuple[Callable[[Line], SheetRow], Callable[[str, float, Sequence[Line]], SheetRow]]] = {
        "hubspot.csv": (_hubspot, _hubspot_cutoff),
        "marketo.csv": (_marketo, _marketo_cutoff),
        "salesforce.csv": (_salesforce, _salesforce_cutoff),
    }
    return {
        name: _sheet(
            [
                *(line(sheet_line) for sheet_line in lines),
                *(cutoff(band, points, lines) for band, points in rules.cutoffs.at.items()),
            ]
        )
        for name, (line, cutoff) in renderers.items()
    }


def _sheet(rows: Sequence[SheetRow]) -> str:
    return csv_text(rows, list(rows[0]), line_end="\n")


def _points(line: Line) -> str:
    return "" if line.points is None else str(line.points)


def _conditions(lines: Sequence[Line], band: str) -> str:
    """Name what must hold beside enough points."""
    excluded = "; ".join(dict.fromkeys(line.rule for line in lines if line.kind == "exclusion"))
    gates = "; ".join(f"{line.thing} {line.operator} {line.value}".strip() for line in lines if line.kind == "gate")
    parts = [f"and not excluded ({excluded})" if excluded else ""]
    if band == "SAL" and gates:
        parts.append(f"and {gates}")
    return ", ".join(part for part in parts if part)


def _hubspot(line: Line) -> SheetRow:
    kinds = {"action": "Event", "exclusion": "Exclusion list", "gate": "Workflow condition"}
    frequency = "" if line.times is None else f"at least {line.times} time{'s' if line.times > 1 else ''}"
    time_frame = "" if line.kind != "action" else "ever" if line.days is None else f"in the last {line.days:g} days"
    return {
        "Rule": line.rule,
        "Rule type": kinds.get(line.kind, "Property"),
        "Property or event": line.thing,
        "Condition": "is more than … days ago" if line.kind == "date" else line.operator,
        "Value": line.value,
        "Frequency": frequency,
        "Time frame": time_frame,
        "Decay": "off" if line.kind == "action" else "",
        "Add or subtract": "" if line.points is None else "add" if line.points > 0 else "subtract",
        "Points": "" if line.points is None else str(abs(line.points)),
        "Note": line.note,
    }


def _hubspot_cutoff(band: str, points: float, lines: Sequence[Line]) -> SheetRow:
    return {
        **dict.fromkeys(_hubspot(lines[0]), ""),
        "Rule": band,
        "Rule type": "Workflow trigger",
        "Property or event": "the score",
        "Condition": "is greater than or equal to",
        "Value": f"{points:g}",
        "Note": f"Set lifecycle stage to {band} {_conditions(lines, band)}".strip(),
    }


def _marketo(line: Line) -> SheetRow:
    filters = {"exclusion": "Filter of every promoting campaign: NOT", "gate": "Filter of the SAL campaign"}
    operator = {"days ago": "in past before", "done": "is"}.get(line.operator, line.operator)
    since = "" if line.kind != "action" else "any time" if line.days is None else f"in past {line.days:g} days"
    return {
        "Rule": line.rule,
        "Smart campaign": f"Points {line.rule}" if line.points is not None else filters[line.kind],
        "Smart list filter": line.thing,
        "Operator": operator,
        "Value": f"{line.value} days" if line.kind == "date" else line.value,
        "Min. number of times": "" if line.times is None else str(line.times),
        "Date of activity": since,
        "Flow step": "" if line.points is None else "Change Score",
        "Change": _points(line),
        "Note": line.note,
    }


def _marketo_cutoff(band: str, points: float, lines: Sequence[Line]) -> SheetRow:
    return {
        **dict.fromkeys(_marketo(lines[0]), ""),
        "Rule": band,
        "Smart campaign": f"Promote to {band}",
        "Smart list filter": "the score",
        "Operator": "at least",
        "Value": f"{points:g}",
        "Flow step": "Change Revenue Stage or Change Data Value",
        "Change": band,
        "Note": _conditions(lines, band),
    }


def _salesforce(line: Line) -> SheetRow:
    kinds = {"action": "count kept by a nightly flow", "exclusion": "exclusion", "gate": "gate of SAL"}
    return {
        "Rule": line.rule,
        "Kind": kinds.get(line.kind, "field"),
        "Field or action": line.thing,
        "Operator": "is at least … days ago" if line.kind == "date" else line.operator,
        "Value": line.value,
        "Count at least": "" if line.times is None else str(line.times),
        "Within days": "" if line.kind != "action" else "ever" if line.days is None else f"{line.days:g}",
        "Points": _points(line),
        "Formula": _formula(line),
        "Note": line.note,
    }


def _salesforce_cutoff(band: str, points: float, lines: Sequence[Line]) -> SheetRow:
    return {
        **dict.fromkeys(_salesforce(lines[0]), ""),
        "Rule": band,
        "Kind": "flow on the score",
        "Field or action": "the score",
        "Operator": "at least",
        "Value": f"{points:g}",
        "Note": f"Set status to {band} {_conditions(lines, band)}".strip(),
    }


def _formula(line: Line) -> str:
    """Return the summand of a formula field; names in braces stand for the fields that hold them."""
    if line.points is None:
        return ""
    name = "{" + line.thing + "}"
    if line.kind == "action":
        window = "ever" if line.days is None else f"{line.days:g} days"
        test = "{count of " + line.thing + ", " + window + "} >= " + str(line.times)
    elif line.kind == "date":
        test = f"NOW() - {name} >= {line.value}"
    elif line.operator == "is any of":
        # values stand before the words for them, in brackets
        values = [_quoted(value.split(" (")[0]) for value in line.value.split("; ")]
        test = f"OR({', '.join(f'TEXT({name}) = {value}' for value in values)})"
    elif line.operator in ("is empty", "is not empty"):
        blank = f"ISBLANK(TEXT({name}))"
        test = blank if line.operator == "is empty" else f"NOT({blank})"
    else:
        numbers = re.findall(r"-?\d+(?:\.\d+)?", line.value)
        signs = {"at least": (">=",), "below": ("<",), "between": (">=", "<")}[line.operator]
        tests = [f"{name} {sign} {number}" for sign, number in zip(signs, numbers, strict=True)]
        test = tests[0] if len(tests) == 1 else f"AND({', '.join(tests)})"
    return f"IF({test}, {line.points}, 0)"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
