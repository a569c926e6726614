"""A column that tells how it ended and not when: Converted, Opportunity Result, y, Disbursed, Revenue above nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from features.tables.written_values import NO, YES
from pipeline.init.id_links import plain_name
from pipeline.init.look_at_files import ColumnLook, FileLook
from pipeline.init.stages.stage_words import stage_sense
from pipeline.source.sql import identifier, literal

_OUTCOME = re.compile(
    r"(.*[^a-zäöü])?(converted|conversion|won|win|outcome|result|disbursed|sold|success|subscribed|purchased?|bought|deal|"
    r"closed|y|target|label|response|responded|ordered|gewonnen|ergebnis|erfolg|abschluss|abgeschlossen|verkauft|gekauft|"
    r"bestellt|auftrag|beauftragt|kunde|ausgezahlt)([^a-zäöü].*)?"
)
_MONEY = re.compile(
    r"(.*[^a-zäöü])?(revenue|turnover|sales_amount|order_value|deposit|umsatz|erlös|erloes|auftragswert|bestellwert)"
    r"([^a-zäöü].*)?"
)
_NOT_THE_LEADS = re.compile(r".*(annual|jahres|company|firm|previous|prior|last|do_not|no_of|expected|erwartet).*")
_STATUS = re.compile(r".*(status|stage|stufe|phase|state|result|ergebnis|outcome).*")
_MOST_VALUES = 30
_NOTHING = ("0", "0.0", "0.00", "0,00")


@dataclass(frozen=True)
class OutcomeColumn:
    """A column with the outcome of each lead.

    Parameters
    ----------
    column : ColumnLook
        The column.
    won, lost : str
        SQL that is true for leads with, and without the outcome; both false where it is not decided yet.
    words : str
        What counts as won, in words.
    is_open : bool
        Whether some values are neither.
    """

    column: ColumnLook
    won: str
    lost: str
    words: str
    is_open: bool = False


def outcome_column(look: FileLook) -> OutcomeColumn | None:
    """Return the column that tells the outcome best, or None: yes or no, then two words, then an amount of money."""
    told = [outcome for column in look.columns if (outcome := _outcome(column, look)) is not None]
    return min(told, key=lambda outcome: (outcome.is_open, _kind_rank(outcome.column)), default=None)


def status_column(look: FileLook) -> ColumnLook | None:
    """Return the column whose words tell a win or a loss beside each row's time, one named as stages are first."""
    telling = [
        column
        for column in look.columns
        if column.kind == "text"
        and column.values <= _MOST_VALUES
        and any(stage_sense(value) in ("won", "lost") for value in column.common)
        and _STATUS.fullmatch(plain_name(column.name))
    ]
    both = [c for c in telling if {"won", "lost"} <= {stage_sense(value) for value in c.common}]
    return next(iter(both or telling), None)


def words_of_sense(column: ColumnLook, sense: str) -> tuple[str, ...]:
    """Return the values of a column that say a win, or a loss."""
    return tuple(value for value in column.common if stage_sense(value) == sense)


def _kind_rank(column: ColumnLook) -> int:
    return {"boolean": 0, "text": 1}.get(column.kind, 2)


def _outcome(column: ColumnLook, look: FileLook) -> OutcomeColumn | None:
    plain, name = plain_name(column.name), identifier(column.name)
    named = bool(_OUTCOME.fullmatch(plain)) and not _NOT_THE_LEADS.fullmatch(plain)
    text = f"lower(trim({name}::VARCHAR))"
    money = bool(_MONEY.fullmatch(plain)) and not _NOT_THE_LEADS.fullmatch(plain)
    if column.kind == "boolean" and column.values == 2 and (named or money):
        yes, no = (f"{text} IN ({', '.join(map(literal, words))})" for words in (YES, NO))
        words = next(value for value in column.common if value.lower() in YES)
        return OutcomeColumn(column, yes, no, f"{column.name!r} is {words!r}")
    if column.kind == "text" and 2 <= column.values <= _MOST_VALUES and (named or _STATUS.fullmatch(plain)):
        return _by_words(column, name)
    if column.kind == "number" and money:
        nothing = column.filled < 0.95 * look.rows or any(value in _NOTHING for value in column.common[:1])
        if nothing and column.filled:
            amount = f"coalesce(try_cast({column.sql} AS DOUBLE), 0)"
            return OutcomeColumn(column, f"{amount} > 0", f"{amount} <= 0", f"{column.name!r} is above 0")
    return None


def _by_words(column: ColumnLook, name: str) -> OutcomeColumn | None:
    won, lost = words_of_sense(column, "won"), words_of_sense(column, "lost")
    rest = tuple(value for value in column.common if value not in (*won, *lost))
    if not won:
        return None
    if not lost and len(rest) == 1:  # two values, of which one is a win
        lost, rest = rest, ()
    if not lost:
        return None
    is_won, is_lost = (f"trim({name}) IN ({', '.join(map(literal, values))})" for values in (won, lost))
    return OutcomeColumn(column, is_won, is_lost, f"{column.name!r} is {' or '.join(map(repr, won))}", bool(rest))
