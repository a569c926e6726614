"""Whether what is missing says who won: facts that one outcome lacks, and rows that were rejected for one outcome.

A model takes silence for a sign. Where the export drops the events of the winners (a CRM moves them to the contact, a
tool deletes those of closed leads), the sign is made by the export and not by the lead, and every figure after it is
false. Winners who do less than the others are therefore never believed; those who were lost may well have done nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from features.answers import Answer
from features.checks import CheckResult
from features.leaks.statistics import share_interval

FALSE_SIGNS = 0.01
"""Chance that luck alone gives a sign anywhere in a source: shared by all comparisons."""
NEARLY_ALL = 0.9
"""Share of one outcome's leads that lack events, at least, to prove that the export lost them."""
SURELY = 0.7
"""The lower end of its interval, at least: 20 leads of 20 reach it."""
MOST = 0.5
"""Share of the other leads that have such events, at least, of the lower end of its interval."""
TIMES = 2.0
"""How many times as often the one side lacks them, at least, to be doubted."""
FEWEST = 20
TOUCHED = 0.05
"""Share of an outcome's leads that rejected rows hit, at least, to bend what is learnt."""

ABSENCE, REJECTS = "absence", "rejected_outcomes"
TITLES = {ABSENCE: "Events that one outcome lacks", REJECTS: "Rejected rows by outcome"}

MAP = (
    "The export lost them, mostly where a CRM moves activities to the contact at conversion: export them with the id "
    "of the contact and map that to lead_id in events.sql, or leave these events out of events.sql for everybody"
)
ASK = "Find out whether the export lost them, or whether these leads did nothing"
MEND = "Mend these rows in the SQL, so that no outcome loses more rows than another"


@dataclass(frozen=True, kw_only=True)
class Having:
    """How many leads have at least one event of a kind, by whether they reached an outcome.

    Attributes
    ----------
    subject : str
        Which events, in words: ``event``, ``act of their own``, or ``event of family NAME``.
    outcome : str
        A stage.
    won : bool
        Whether it is a stage that the leads want to be forecast to reach, rather than an end without success.
    by_rule : bool
        Whether marketing acts by rule there, so that it may treat winners otherwise.
    reached, reached_having, others, others_having : int
        Leads.
    """

    subject: str
    outcome: str
    won: bool
    by_rule: bool
    reached: int
    reached_having: int
    others: int
    others_having: int


def judge_absence(counts: Iterable[Having]) -> list[CheckResult]:
    """Judge what one outcome lacks.

    Parameters
    ----------
    counts : iterable of Having
        One an outcome and kind of events.

    Returns
    -------
    list of CheckResult
        Failed where nearly all who won lack what most others have: no forecast made of such events is true. Could not
        check where the shares differ clearly. Nothing is said of the rest.

    Examples
    --------
    >>> lost = Having(
    ...     subject="event", outcome="WON", won=True, by_rule=False,
    ...     reached=76, reached_having=0, others=559, others_having=505,
    ... )
    >>> judge_absence([lost])[0].sentence
    '76 of 76 leads that reached WON have no event at all, while 505 of 559 others have (90%)'
    """
    rows = list(counts)
    error = FALSE_SIGNS / (2 * max(len(rows), 1))
    judged = [result for row in rows if (result := _absent(row, error)) is not None]
    whole = {row.figures["outcome"] for row in judged if row.subject == "event"}
    return [row for row in judged if row.subject == "event" or row.figures["outcome"] not in whole]


def _absent(row: Having, error: float) -> CheckResult | None:
    if min(row.reached, row.others) == 0:
        return None
    lacking = share_interval(row.reached - row.reached_having, row.reached, error=error)
    having = share_interval(row.others_having, row.others, error=error)
    said = (
        f"{row.reached - row.reached_having:,} of {row.reached:,} leads that reached {row.outcome} have no "
        f"{row.subject} at all, while {row.others_having:,} of {row.others:,} others have ({having.value:.0%})"
    )
    figures = {
        "outcome": row.outcome,
        "events": row.subject,
        "without": row.reached - row.reached_having,
        "leads": row.reached,
        "others_with": row.others_having,
        "others": row.others,
    }
    proven = lacking.value >= NEARLY_ALL and lacking.low >= SURELY and having.low >= MOST
    clear = lacking.low > 1 - having.low and lacking.low >= TIMES * (1 - having.value) and having.low >= MOST
    if proven and row.won and not row.by_rule:
        return _result(ABSENCE, row.subject, Answer.FAILED, said, MAP, figures)
    if proven or (clear and row.won and not row.by_rule):
        return _result(ABSENCE, row.subject, Answer.UNCHECKED, said, ASK, figures)
    return None


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Leads of which rows were rejected, and how many of them reached an outcome.

    Attributes
    ----------
    table, reason : str
        What was rejected, and why.
    outcome : str
        A stage.
    leads, reached : int
        Leads that lost rows, and those of them that reached the outcome.
    all_leads, all_reached : int
        The same of all leads.
    """

    table: str
    reason: str
    outcome: str
    leads: int
    reached: int
    all_leads: int
    all_reached: int


def judge_rejects(hits: Iterable[Hit]) -> list[CheckResult]:
    """Judge whether rejected rows belong to one outcome.

    Returns
    -------
    list of CheckResult
        Failed where nine tenths and more of the leads that lost rows reached the outcome, at least twice as often as
        all leads do, and they are a twentieth of its leads: what remains says something else about it. Could not check
        where they are few. One a table and reason: that of the outcome which says most.

    Examples
    --------
    >>> hit = Hit(
    ...     table="events", reason="no such lead", outcome="WON", leads=76, reached=76, all_leads=635, all_reached=76
    ... )
    >>> judge_rejects([hit])[0].sentence
    'rejected rows of events (no such lead) belong to 76 leads; 76 of them reached WON (100%; of all leads 12%)'
    """
    rows = [row for row in hits if row.leads and row.all_leads and row.all_reached]
    error = FALSE_SIGNS / (2 * max(len(rows), 1))
    best: dict[tuple[str, str], tuple[float, CheckResult]] = {}
    for row in rows:
        result = _hit(row, error)
        if result is not None:
            times = row.reached / row.leads * row.all_leads / row.all_reached
            place = (row.table, row.reason)
            best[place] = max(best.get(place, (0.0, result)), (times, result), key=lambda pair: pair[0])
    return [result for _, result in best.values()]


def _hit(row: Hit, error: float) -> CheckResult | None:
    share = share_interval(row.reached, row.leads, error=error)
    base = row.all_reached / row.all_leads
    said = (
        f"rejected rows of {row.table} ({row.reason}) belong to {row.leads:,} leads; {row.reached:,} of them reached "
        f"{row.outcome} ({share.value:.0%}; of all leads {base:.0%})"
    )
    if share.value < NEARLY_ALL or share.low < TIMES * base:
        return None
    bends = row.leads >= FEWEST and row.reached >= TOUCHED * row.all_reached
    figures = {"table": row.table, "reason": row.reason, "outcome": row.outcome, "leads": row.leads,
               "reached": row.reached, "share_of_all": base}  # fmt: skip
    answer = Answer.FAILED if bends else Answer.UNCHECKED
    return _result(REJECTS, f"{row.table}: {row.reason}", answer, said, MEND, figures)


def _result(
    code: str, subject: str, answer: Answer, said: str, todo: str, figures: Mapping[str, object]
) -> CheckResult:
    return CheckResult(code, TITLES[code], answer, said, subject=subject, todo=todo, figures=figures)
