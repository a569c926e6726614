"""The columns of a score, declared once: the rows, the file, the store's table and the docs are made from this list.

A new column is one more entry, at the end: the store's table gets it by a migration, which can only add at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from features.source_spec import TARGETS

Kind = Literal["text", "number", "boolean", "time", "json"]
"""What a column holds: ``time`` is a moment in UTC to the microsecond, ``json`` a list of objects."""
FilledBy = Literal["scoring", "hand-over", "run", "comparison", "store"]
"""What knows a column's value: `score_rows`; the draw of the lane; the run, for all its rows alike; the comparison with
the run before; or the score store when it writes the row. What the store fills in is in no file, so that a file says
the same whenever it is made."""


@dataclass(frozen=True)
class ScoreColumn:
    """One column of a score.

    Attributes
    ----------
    name : str
    kind : {"text", "number", "boolean", "time", "json"}
    meaning : str
        One sentence for who reads the table or the API.
    nullable : bool
        Whether a stored row may leave it empty; a column that a later version added is empty in older rows.
    filled_by : {"scoring", "hand-over", "run", "comparison", "store"}
    """

    name: str
    kind: Kind
    meaning: str
    nullable: bool = False
    filled_by: FilledBy = "scoring"


def probability_of(target: str) -> str:
    """Return the column that holds the probability of a target.

    Examples
    --------
    >>> probability_of("sql")
    'p_sql'
    """
    return f"p_{target}"


def expected_days_to(target: str) -> str:
    """Return the column that holds the mean days to a target.

    Examples
    --------
    >>> expected_days_to("sql")
    'expected_days_sql'
    """
    return f"expected_days_{target}"


def _probabilities() -> Iterator[ScoreColumn]:
    for target in TARGETS:
        meaning = f"Probability (0 to 1) of the target {target} within its horizon; null where the source has none"
        yield ScoreColumn(probability_of(target), "number", meaning, nullable=True)


def _expected_days() -> Iterator[ScoreColumn]:
    for target in TARGETS:
        meaning = f"Mean days to the target {target}, given that it comes within its horizon; 0 once it is reached"
        yield ScoreColumn(expected_days_to(target), "number", meaning, nullable=True)


COLUMNS: tuple[ScoreColumn, ...] = (
    ScoreColumn("lead_id", "text", "The lead"),
    ScoreColumn("as_of", "time", "The moment of the score: facts after it are not used"),
    ScoreColumn("run_id", "text", "The run that wrote the row", filled_by="run"),
    *_probabilities(),
    ScoreColumn("band", "text", "`none`, `MQL` or `SAL`: what probability, exclusions and gates alone say"),
    ScoreColumn("stage", "text", "Stage in the funnel at `as_of`; null before the first", nullable=True),
    ScoreColumn("reached", "boolean", "The target of the cut-offs lies behind the lead already: not a new promotion"),
    ScoreColumn("excluded", "boolean", "Never promoted, whatever the probability"),
    ScoreColumn("exclusions", "json", "Why the lead is excluded: `name` of each rule"),
    ScoreColumn("gates_missing", "json", "What must still hold for SAL: `column` and `condition`"),
    ScoreColumn("points", "number", "What today's rules give; null where the source has no rules", nullable=True),
    ScoreColumn("points_band", "text", "`none`, `MQL` or `SAL` by today's rules", nullable=True),
    ScoreColumn(
        "points_reasons",
        "json",
        "The rules that gave or took points: `points`, `rule`, and `column`, or `families` and `count`",
    ),
    ScoreColumn("fit_grade", "text", "`A` (best quarter) to `D`: who the lead is", nullable=True),
    ScoreColumn("behaviour_grade", "text", "`1` (best quarter) to `4`: what the lead does", nullable=True),
    ScoreColumn(
        "reasons",
        "json",
        "Strongest first: `family`, `subject`, `feature`, `value`, `log_odds`, `percentage_points`; where its sentence "
        "tells more, `acts` (the latest ones: `act`, `days` before `as_of`, `times` `within` days) or `beside` (values "
        "of other columns); the family `other` sums what is not named",
    ),
    ScoreColumn("model_version", "text", "The model: the start of its manifest's SHA-256", filled_by="run"),
    ScoreColumn("cutoff_version", "text", "The cut-offs that the band comes from", filled_by="run"),
    ScoreColumn("scored_at", "time", "When the row was written", filled_by="store"),
    ScoreColumn(
        "handed_over_by",
        "text",
        "`cutoff`: counted as SAL or MQL; `exploration`: drawn below the cut-off, to learn from; else null",
        nullable=True,
        filled_by="hand-over",
    ),
    ScoreColumn(
        "handover_probability",
        "number",
        "1 at the cut-off, the chance of the draw below it; null for who can never be drawn",
        nullable=True,
        filled_by="hand-over",
    ),
    ScoreColumn(
        "curve",
        "json",
        "When it is due: `days` after `as_of` and the probability of each target within these; "
        "null beyond a target's horizon, and in scores of older versions",
        nullable=True,
    ),
    *_expected_days(),
    ScoreColumn(
        "counted_as",
        "text",
        "The lead's one group: `reached`, else `with_sales`, else `excluded`, else its `band`; sales gets next who is "
        "`SAL` or `MQL`",
        nullable=True,
    ),
    ScoreColumn(
        "change",
        "json",
        "What moved the probability since the run before: `part` (`earlier`, where it stood, then each cause that "
        "moved it), `log_odds`, `percentage_points` and `band` after it; parts add up to this score. Empty where the "
        "target is reached; null without a score before",
        nullable=True,
        filled_by="comparison",
    ),
    ScoreColumn(
        "joined",
        "text",
        "What is new since the run before: `list`, the lead had no score there; `band`, it has risen to `MQL` or "
        "`SAL`; else null",
        nullable=True,
        filled_by="comparison",
    ),
)
"""Every column of a stored score, in the order of ``scores.parquet``."""

SCORE_COLUMNS = tuple(column.name for column in COLUMNS if column.filled_by == "scoring")
"""What `models.scoring.score_rows.score_rows` returns."""
COMPARED_COLUMNS = tuple(column.name for column in COLUMNS if column.filled_by == "comparison")
"""What follows from the run before besides the lead's own facts."""
JSON_COLUMNS = tuple(column.name for column in COLUMNS if column.kind == "json")
"""Columns that hold lists: text in the file, JSON in a database."""
KEY = ("run_id", "lead_id", "as_of")
"""Run, lead and moment: what a row of the store is known by. No later run touches it."""
MEANING = {column.name: column.meaning for column in COLUMNS}
"""What each column says, by name."""
