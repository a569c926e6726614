"""Which types of events are outcomes, as in a log of a process: they end a story, and no lead has two of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.init.guess_events import EventsGuess
from pipeline.init.lead_rows import LeadRows
from pipeline.init.loaded_files import LoadedFiles
from pipeline.init.questions import Question, Reading
from pipeline.init.stages.stage_words import (
    Sense,
    is_a_win_beyond_doubt,
    names_a_rung,
    says_only_the_outcome,
    stage_sense,
)
from pipeline.source.sql import literal

_FEW = 0.05
_MOST_REPEATS = 1.1
_SAME_END = 0.8
"""Share of a type's leads that have another type too, from which on both tell the same end."""
_FEWEST_ENDED = 0.5
"""Share of the leads that must have an end where no name says that one is the win."""
_FEWEST_LEADS, _FEWEST_SHARE = 5, 0.005
_MOST_LEADS = 0.95
_SETTLED_DAYS = 1 / 24
"""What is written down within an hour of an end belongs to it."""
_MOST_TYPES = 200


@dataclass(frozen=True)
class EventType:
    """How one type of event stands in the leads' stories.

    Parameters
    ----------
    name : str
        As written.
    leads, events : int
        Leads that have it, and how often it occurs.
    followed : int
        Leads in which something else goes on more than an hour after its last occurrence.
    day : float
        When its leads have it first, on average, in days since 1970.
    way : float
        Events of the same lead before it, on average.
    """

    name: str
    leads: int
    events: int
    followed: int
    day: float
    way: float

    @property
    def sense(self) -> Sense | None:
        """What the name says of the outcome, where it says nothing else."""
        sense = stage_sense(self.name)
        return sense if sense in ("won", "lost") and says_only_the_outcome(self.name) else None

    @property
    def happens_once(self) -> bool:
        """Whether nearly no lead has it twice."""
        return self.events <= _MOST_REPEATS * self.leads

    @property
    def is_end(self) -> bool:
        """Whether it happens once and nothing follows."""
        return self.happens_once and self.followed <= _FEW * self.leads


@dataclass(frozen=True)
class EventOutcomes:
    """The outcomes among the types of one file of events.

    Parameters
    ----------
    events : EventsGuess
        The file.
    won : tuple of str
        Types that tell the win, the earliest first.
    lost : tuple of str
        Types that tell a loss.
    rungs : tuple of str
        Types that tell a rung below the win (MQL, SQL), the lowest first.
    """

    events: EventsGuess
    won: tuple[str, ...]
    lost: tuple[str, ...]
    rungs: tuple[str, ...] = ()

    @property
    def types(self) -> tuple[str, ...]:
        """All types that are outcomes, so no events."""
        return (*self.rungs, *self.won, *self.lost)

    def part(self, rows: LeadRows) -> str:
        """Return SQL of their entries: ``lead_id``, ``stage``, ``entered_at``."""
        assert self.events.type is not None
        lead, relation = rows.of_file(self.events.look, self.events.link.column)
        type_, time = self.events.type.sql, self.events.time.sql
        types = ", ".join(map(literal, self.types))
        entry = f"SELECT {lead} AS lead_id, {type_} AS stage, {time} AS entered_at"
        return f"{entry}\nFROM {relation}\nWHERE {type_} IN ({types})"


def find_event_outcomes(
    files: LoadedFiles, rows: LeadRows, logs: Sequence[EventsGuess], ask: Callable[[Question], int]
) -> EventOutcomes | None:
    """Find the types of events that are outcomes, and ask which of them is the win.

    Returns
    -------
    EventOutcomes or None
        None where no type ends stories, or the user says that none is an outcome.
    """
    for log in logs:
        ends = _Ends.of(files, rows, log)
        if ends is None:
            continue
        choices = ends.choices()
        if not choices:
            continue
        choice = choices[ask(ends.question(choices))]
        return ends.outcomes(choice) if choice else None
    return None


def types_of_known_outcomes(files: LoadedFiles, rows: LeadRows, log: EventsGuess) -> tuple[str, ...]:
    """Return the types of a file that tell an outcome which other files tell too: none of them is behaviour."""
    ends = _Ends.of(files, rows, log)
    if ends is None:
        return ()
    told = tuple(name for group in ends.groups() if ends.sense_of(group) is not None for name in group)
    return (*ends.rungs, *told)


@dataclass(frozen=True)
class _Ends:
    """The types of one file that may be outcomes, and how many leads have two of them."""

    log: EventsGuess
    leads: int
    types: Mapping[str, EventType]
    both: Mapping[tuple[str, str], int]
    rungs: tuple[str, ...]
    """Types that name a rung of the funnel, the lowest first."""

    @classmethod
    def of(cls, files: LoadedFiles, rows: LeadRows, log: EventsGuess) -> _Ends | None:
        if log.type is None or log.type.values > _MOST_TYPES:
            return None
        _load(files, rows, log)
        leads = int(files.row("SELECT count(DISTINCT lead_id) FROM log")[0])
        types = [EventType(name, *rest) for name, *rest in files.rows(_stories())]
        usual = [one for one in types if max(_FEWEST_LEADS, _FEWEST_SHARE * leads) <= one.leads <= _MOST_LEADS * leads]
        steps = sorted((one for one in usual if one.happens_once and names_a_rung(one.name)), key=lambda one: one.way)
        listed = [one for one in usual if one not in steps and (one.is_end or one.sense is not None)]
        names = ", ".join(literal(one.name) for one in listed)
        pairs = (
            files.rows(
                f"WITH f AS (SELECT DISTINCT lead_id, type FROM log WHERE type IN ({names})) "
                "SELECT a.type, b.type, count(*) FROM f a JOIN f b USING (lead_id) WHERE a.type <> b.type GROUP BY ALL"
            )
            if listed
            else []
        )
        ends = {one.name: one for one in listed if one.happens_once or one.sense == "won"}
        rungs = tuple(one.name for one in steps)
        if rungs and all(one.sense == "lost" for one in ends.values()):  # the highest rung is the goal
            rungs, ends = rungs[:-1], {**ends, rungs[-1]: steps[-1]}
        return cls(log, leads, ends, {(a, b): n for a, b, n in pairs}, rungs) if ends else None

    def groups(self) -> list[tuple[str, ...]]:
        """Return the types by the end that they tell, most leads first; a group begins with its earliest type."""
        groups: list[list[str]] = []
        for one in sorted(self.types.values(), key=lambda one: (-one.leads, one.day, one.name)):
            home = next((group for group in groups if any(self._same(one, self.types[name]) for name in group)), None)
            if home is None:
                groups.append([one.name])
            else:
                home.append(one.name)
        return [tuple(sorted(group, key=lambda name: (self.types[name].day, name))) for group in groups]

    def sense_of(self, group: tuple[str, ...]) -> Sense | None:
        """Return what the names of a group say."""
        senses = {self.types[name].sense for name in group} - {None}
        return senses.pop() if len(senses) == 1 else None

    def choices(self) -> list[tuple[str, ...]]:
        """Return the groups that may be the win, the likeliest first, an empty one for none of them.

        Nothing is returned where nothing speaks of an outcome.
        """
        groups = self.groups()
        won = [group for group in groups if self.sense_of(group) == "won"]
        lost = [group for group in groups if self.sense_of(group) == "lost"]
        others = [group for group in groups if group not in (*won, *lost) and self._may_end(group)]
        told = sum(self._reached(group) for group in (*lost, *others))
        goals = [group for group in others if self.rungs or all(names_a_rung(name) for name in group)]
        few = len(lost) + len(others) < 2 or not others or told < _FEWEST_ENDED * self.leads
        if not won and not goals and few:
            return []
        others.sort(key=lambda group: -max(self.types[name].way for name in group))
        likely = sorted(won, key=lambda group: (not self._are_ends(group), -self._reached(group)))
        none = self._is_doubtful(likely[0]) and not lost if likely else False
        return [*([()] if none else []), *likely, *others, *([] if won else lost), *([] if none else [()])]

    def outcomes(self, win: tuple[str, ...]) -> EventOutcomes:
        """Return the outcomes where ``win`` is the win: what else ends stories, and no winner has, is lost."""
        exclusive = [
            group
            for group in self.groups()
            if group != win and self.sense_of(group) != "won" and not self._overlap(win, group)
        ]
        twins = [group for group in self.groups() if group != win and self.sense_of(group) == "won"]
        twins = twins if self.sense_of(win) == "won" else []
        if self.sense_of(win) != "won":
            exclusive += [group for group in self.groups() if group != win and self.sense_of(group) == "won"]
        won = (*win, *(name for group in twins for name in group))
        return EventOutcomes(self.log, won, tuple(name for group in exclusive for name in group), self.rungs)

    def question(self, choices: list[tuple[str, ...]]) -> Question:
        """Ask which is the win, with the leads of each outcome."""
        assert self.log.type is not None
        none = Reading("none of them is an outcome", "they stay events")
        readings = [Reading(*self._words(self.outcomes(choice))) if choice else none for choice in choices]
        return Question(
            f"{self.log.look.file.name} tells outcomes among its events ({self.log.type.name!r}): they end a story, or "
            "their name says so. Which of them is the win?",
            tuple(readings),
        )

    def _words(self, told: EventOutcomes) -> tuple[str, str]:
        below = f"; on the way: {', '.join(told.rungs)}" if told.rungs else ""
        lost = f"; lost: {', '.join(told.lost)}" if told.lost else ""
        counts = "; ".join(
            f"{name}: {self.types[name].leads:,} leads, {self.types[name].followed:,} go on"
            for name in (*told.won, *told.lost)
        )
        return f"won: {', '.join(told.won)}{lost}{below}", counts

    def _same(self, one: EventType, other: EventType) -> bool:
        if {one.sense, other.sense} == {"won", "lost"}:
            return False
        return self.both.get((one.name, other.name), 0) >= _SAME_END * min(one.leads, other.leads)

    def _overlap(self, one: tuple[str, ...], other: tuple[str, ...]) -> bool:
        shared = max(self.both.get((a, b), 0) for a in one for b in other)
        return shared > _FEW * min(self._reached(one), self._reached(other))

    def _is_doubtful(self, win: tuple[str, ...]) -> bool:
        """Whether a win may as well be a step in the middle: an order of a brochure, a subscription to a newsletter."""
        return not self._are_ends(win) and not any(is_a_win_beyond_doubt(name) for name in win)

    def _may_end(self, group: tuple[str, ...]) -> bool:
        return self._are_ends(group) or all(names_a_rung(name) for name in group)

    def _are_ends(self, group: tuple[str, ...]) -> bool:
        return all(self.types[name].is_end for name in group)

    def _reached(self, group: tuple[str, ...]) -> int:
        return max(self.types[name].leads for name in group)


def _load(files: LoadedFiles, rows: LeadRows, log: EventsGuess) -> None:
    """Make the table ``log`` of lead, type and time in days, and ``closing``: the types that only follow an outcome."""
    assert log.type is not None
    lead, relation = rows.of_file(log.look, log.link.column)
    moment = f"epoch(try_cast(({log.time.sql})::VARCHAR AS TIMESTAMPTZ)) / 86400"
    type_ = log.type.sql
    with_ids = f"WITH {rows.ids} " if rows.ids else ""
    query = f"{with_ids}SELECT {lead} AS lead_id, {type_}::VARCHAR AS type, {moment} AS t FROM {relation}"
    files.rows(
        f"CREATE OR REPLACE TEMP TABLE log AS SELECT * FROM ({files.here(query)}) WHERE type <> '' AND t IS NOT NULL"
    )
    told = [name for name in log.type.common if EventType(name, 1, 1, 0, 0, 0).sense is not None]
    names = ", ".join(map(literal, told)) or "NULL"
    files.rows(
        "CREATE OR REPLACE TEMP TABLE closing AS WITH o AS (SELECT lead_id, min(t) AS told_at FROM log "
        f"WHERE type IN ({names}) GROUP BY ALL), f AS (SELECT lead_id, type, min(t) AS t FROM log GROUP BY ALL) "
        f"SELECT type FROM f LEFT JOIN o USING (lead_id) WHERE type NOT IN ({names}) GROUP BY type "
        f"HAVING avg(coalesce(t >= told_at, false)::INT) >= {1 - _FEW}"
    )


def _stories() -> str:
    """Return SQL of each type's leads, occurrences, leads that go on, first day and events before it."""
    return (
        "WITH f AS (SELECT lead_id, type, min(t) AS t0, max(t) AS t1, count(*) AS n FROM log GROUP BY ALL), "
        "w AS (SELECT lead_id, max(t) FILTER (type NOT IN (FROM closing)) AS latest FROM log GROUP BY ALL), "
        "b AS (SELECT lead_id, type, t, row_number() OVER (PARTITION BY lead_id ORDER BY t) - 1 AS before FROM log), "
        "g AS (SELECT type, avg(before) AS way FROM b GROUP BY type) "
        "SELECT type, count(*), sum(n)::BIGINT, "
        f"count(*) FILTER (latest > t1 + {_SETTLED_DAYS}), avg(t0), any_value(way) "
        "FROM f JOIN w USING (lead_id) JOIN g USING (type) GROUP BY type ORDER BY 2 DESC, 1"
    )
