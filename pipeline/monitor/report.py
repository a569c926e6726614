"""What the monitor hands out: JSON for a scheduler, a page for people, a short table for a terminal."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from features.answers import ALARM_WORDS, Answer
from features.checks import CheckResult
from features.time_units import format_time
from features.unknown_times import notice
from models.json_values import json_values
from pipeline.monitor.figures import svg, volume_figure
from pipeline.monitor.tables import Watched
from pipeline.pages.environment import environment

ROWS_SHOWN = 40
_SHARES = ("share", "low", "high", "forecast", "observed", "share_before", "in_time", "in_time_before", "promised")
_LEFT_OUT = ("subject", "feature", "power", "stage_title")


@dataclass(frozen=True)
class Result:
    """All that one run of the monitor found."""

    watched: Watched
    checks: tuple[CheckResult, ...]
    answer: Answer

    @property
    def exit_code(self) -> int:
        """1 if there is an alarm, else 0."""
        return int(self.answer is Answer.FAILED)

    @property
    def by_urgency(self) -> list[CheckResult]:
        """The checks, what is wrong first."""
        return sorted(self.checks, key=lambda check: check.answer.urgency)

    def answered(self, answer: Answer) -> list[CheckResult]:
        """Return the checks that gave one answer."""
        return [check for check in self.checks if check.answer is answer]


def to_json(result: Result) -> str:
    """Return the whole result; every check has ``answer`` and every table its rows, what is not known is null."""
    tree = {
        "source": result.watched.spec.name,
        "as_of": format_time(result.watched.as_of_us),
        "answer": ALARM_WORDS.of(result.answer),
        "exit_code": result.exit_code,
        "could_not_tell": [check.code for check in result.answered(Answer.UNCHECKED)],
        "checks": [
            {
                "name": check.code,
                "answer": ALARM_WORDS.of(check.answer),
                "sentence": check.sentence,
                "todo": check.todo,
                "tables": {name: records(table) for name, table in check.tables.items()},
            }
            for check in result.checks
        ],
    }
    return json.dumps(tree, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def to_the_minute(us: int) -> str:
    """Return a moment as people read it.

    Examples
    --------
    >>> to_the_minute(1_782_863_968_295_393)
    '2026-06-30 23:59 UTC'
    """
    return pd.Timestamp(us, unit="us").strftime("%Y-%m-%d %H:%M UTC")


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as JSON can hold them; column ``answer`` in words."""
    return [
        {str(key): ALARM_WORDS.of(value) if key == "answer" else json_values(value) for key, value in row.items()}
        for row in table.astype(object).to_dict(orient="records")
    ]


def to_text(result: Result, page: Path) -> str:
    """Return a short table for a terminal."""
    width = max(len(check.title) for check in result.checks)
    lines = [
        f"{ALARM_WORDS.line(check.answer)}{check.title:<{width + 2}}{check.sentence}" for check in result.by_urgency
    ]
    first = f"{result.watched.spec.title.en}, as of {_as_of(result)}: {ALARM_WORDS.of(result.answer)}"
    lacking = notice(result.watched.spec.unknown_times)
    if lacking is not None:
        lines.append(f"{lacking}.")
    return "\n".join([first, *lines, f"Page: {page}"])


def _as_of(result: Result) -> str:
    """Return the moment that is looked at; rows in order have none."""
    if result.watched.spec.unknown_times == "all":
        return "the last row of the export"
    return to_the_minute(result.watched.as_of_us)


def to_page(result: Result) -> str:
    """Return the page: what is wrong first, in words; then pictures and figures. It needs nothing else."""
    return (
        environment()
        .get_template("monitor.html.j2")
        .render(
            source=result.watched.spec.title.en,
            as_of=_as_of(result),
            lacking_times=notice(result.watched.spec.unknown_times),
            words=ALARM_WORDS,
            told=result.answer is not Answer.UNCHECKED,
            alarms=result.answered(Answer.FAILED),
            unknown=result.answered(Answer.UNCHECKED),
            checks=[
                {
                    "check": check,
                    "word": ALARM_WORDS.of(check.answer),
                    "style": check.answer.name.lower(),
                    "tables": [_table(check, *item) for item in check.tables.items()],
                }
                for check in result.by_urgency
            ],
            pictures=_pictures(result),
        )
    )


def _pictures(result: Result) -> list[dict[str, str]]:
    """Draw the company and every named group."""
    tables = {check.code: check.tables for check in result.checks}
    if result.watched.path is None or "months" not in tables["volume"]:
        return []
    months, path = tables["volume"]["months"], result.watched.path
    months = months[months["stage"] == path.goal]
    shown = [("", "")]
    if "named" in tables["gaming"]:
        shown += [
            (row["dimension"], row["value"])
            for row in tables["gaming"]["named"].to_dict(orient="records")
            if row["dimension"]
        ]
    pictures = []
    for dimension, value in shown:
        rows = months[(months["dimension"] == dimension) & (months["value"] == value)]
        if len(rows):
            title = f"{dimension.replace('_', ' ')} {value}" if dimension else "The company as a whole"
            image = base64.b64encode(svg(volume_figure(rows, entry=path.entry, goal=path.goal))).decode("ascii")
            pictures.append({"title": title, "uri": f"data:image/svg+xml;base64,{image}"})
    return pictures


def _table(check: CheckResult, name: str, table: pd.DataFrame) -> dict[str, Any]:
    """Lay a table out for people: the newest or worst rows, numbers as one reads them."""
    shown = _shown(check, name, table)
    columns = [column for column in shown.columns if column not in _LEFT_OUT]
    return {
        "title": name,
        "columns": [str(column).replace("_", " ") for column in columns],
        "rows": [[_cell(column, row[column]) for column in columns] for row in records(shown)],
        "left_out": len(table) - len(shown),
    }


def _shown(check: CheckResult, name: str, table: pd.DataFrame) -> pd.DataFrame:
    if check.code == "gaming" and name == "runs":
        now = table[table["weeks_ago"] == 0].drop(columns=["weeks_ago", "allowed_p", "rose"])
        return now.sort_values(["fall_p", "dimension", "value"]).head(ROWS_SHOWN)
    if check.code == "volume":
        return table[table["dimension"] == ""].tail(ROWS_SHOWN).drop(columns=["dimension", "value"])
    return table.head(ROWS_SHOWN)


def _cell(column: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value) if value != "" else "all"
    if column in _SHARES:
        return f"{value:.1%}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def write_result(result: Result, out: Path, names: Sequence[str] = ("monitor.json", "monitor.html")) -> None:
    """Write JSON and page into a folder."""
    for name, text in zip(names, (to_json(result), to_page(result)), strict=True):
        (out / name).write_text(text, encoding="utf-8")
