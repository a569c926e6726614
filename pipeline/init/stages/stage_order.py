"""A ladder out of entries: what comes before what, what ends a story, and which names are one rung renamed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import combinations

from pipeline.init.loaded_files import LoadedFiles
from pipeline.init.questions import Question, Reading
from pipeline.init.stages.stage_words import stage_sense

_FEW = 0.05
"""Share of a stage's leads that may go on after it where it is an end all the same: reopened ones."""
_FEWEST_RENAMED = 5


@dataclass(frozen=True)
class Stage:
    """One stage as leads entered it.

    Parameters
    ----------
    name : str
        As written.
    leads, followed : int
        Leads that entered it, and those that entered another stage later.
    first, last : float
        When it was entered first and last, in days since 1970.
    way : float
        How many other stages its leads had entered before, on average.
    """

    name: str
    leads: int
    followed: int
    first: float
    last: float
    way: float

    @property
    def is_end(self) -> bool:
        """Whether nothing follows it."""
        return self.followed <= _FEW * self.leads


@dataclass(frozen=True)
class Ladder:
    """The stages in order.

    Parameters
    ----------
    rungs : tuple of str
        Lowest first; the last is the win where there is one.
    lost, recycled : tuple of str
        Ends without a win, and ways back.
    renamed : dict of str to str
        Old names by the name of their rung.
    after_win : tuple of str
        Stages that only customers enter.
    has_win : bool
        Whether a stage is known to be the win.
    said : tuple of str
        Why it is so.
    """

    rungs: tuple[str, ...]
    lost: tuple[str, ...]
    recycled: tuple[str, ...]
    renamed: dict[str, str] = field(default_factory=dict)
    after_win: tuple[str, ...] = ()
    has_win: bool = True
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entries:
    """How often stages were entered, and which came first where a lead has both."""

    stages: Mapping[str, Stage]
    both: Mapping[tuple[str, str], int]
    before: Mapping[tuple[str, str], int]

    def shared(self, one: str, other: str) -> int:
        """Return how many leads have both stages."""
        return self.both.get((one, other), 0)

    def comes_before(self, one: str, other: str) -> bool:
        """Whether most leads that have both entered ``one`` first."""
        return self.before.get((one, other), 0) > self.before.get((other, one), 0)


def read_entries(files: LoadedFiles, table: str) -> Entries:
    """Read what a table of ``lead_id``, ``stage`` and ``t`` (days) says of its stages."""
    first = f"SELECT lead_id, stage, min(t) AS t FROM {table} WHERE stage IS NOT NULL AND t IS NOT NULL GROUP BY ALL"
    so_far = "PARTITION BY lead_id ORDER BY t RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
    rows = files.rows(
        f"WITH f AS ({first}), g AS (SELECT *, max(t) OVER (PARTITION BY lead_id) AS latest, "
        f"count(*) OVER ({so_far}) AS n FROM f) "
        "SELECT stage, count(*), count(*) FILTER (latest > t), avg(n - 1) FROM g GROUP BY stage ORDER BY 2 DESC, 1"
    )
    spans = {
        name: (low, high)
        for name, low, high in files.rows(
            f"SELECT stage, min(t), max(t) FROM {table} WHERE stage IS NOT NULL AND t IS NOT NULL GROUP BY stage"
        )
    }
    pairs = files.rows(
        f"WITH f AS ({first}) SELECT a.stage, b.stage, count(*), count(*) FILTER (a.t < b.t) "
        "FROM f a JOIN f b USING (lead_id) WHERE a.stage <> b.stage GROUP BY ALL"
    )
    stages = {name: Stage(name, leads, gone, *spans[name], way) for name, leads, gone, way in rows}
    return Entries(stages, {(a, b): n for a, b, n, _ in pairs}, {(a, b): n for a, b, _, n in pairs})


def arrange(entries: Entries, ask: Callable[[Question], int]) -> Ladder:
    """Put stages in order by how leads went through them; words decide only what the data leave open."""
    pairs = find_renamings(entries)
    renamed: dict[str, str] = {}
    said: list[str] = []
    for old, new in pairs:
        a, b = entries.stages[old], entries.stages[new]
        both = f"{old!r} was entered last on {_day(a.last)}, {new!r} first on {_day(b.first)}, never both by one lead"
        question = Question(
            f"{both}: renamed?",
            (Reading("one rung, renamed", f"{a.leads + b.leads:,} leads"), Reading("two stages", "kept apart")),
        )
        if ask(question) == 0:
            kept, gone = (old, new) if _is_usual(old) and not _is_usual(new) else (new, old)
            renamed[gone] = kept
            said.append(f"{both}: one rung, {kept!r}")
    merged = _merged(entries, renamed)
    return _ladder(merged, renamed, said, ask)


def _is_usual(name: str) -> bool:
    return name.upper() in ("MQL", "SRL", "SAL", "SQL")


def _day(days: float) -> str:
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days):%Y-%m-%d}"


def find_renamings(entries: Entries) -> list[tuple[str, str]]:
    """Return old and new names of rungs: one ends where the other begins, and no lead has both."""
    spans = entries.stages.values()
    begin, end = min((s.first for s in spans), default=0.0), max((s.last for s in spans), default=0.0)
    margin = 0.05 * (end - begin)
    old = [s for s in spans if s.leads >= _FEWEST_RENAMED and s.last < end - margin]
    new = [s for s in spans if s.leads >= _FEWEST_RENAMED and s.first > begin + margin]
    candidates = [
        (abs(math.log(_rate(a) / _rate(b))) + (stage_sense(a.name) != stage_sense(b.name)), a.name, b.name)
        for a in old
        for b in new
        if a is not b
        and not entries.shared(a.name, b.name)
        and a.last <= b.first
        and b.first - a.last <= max(14.0, 4 / min(_rate(a), _rate(b)))
        and _same_place(entries, a.name, b.name, [s.name for s in (*old, *new)])
    ]
    pairs: list[tuple[str, str]] = []
    for _, a, b in sorted(candidates):
        if all(a not in pair and b not in pair for pair in pairs) and _keeps_order(entries, pairs, a, b):
            pairs.append((a, b))
    return sorted(pairs)


def _rate(stage: Stage) -> float:
    """Entries a day while the name was in use."""
    return stage.leads / max(stage.last - stage.first, 1.0)


def _same_place(entries: Entries, a: str, b: str, changing: list[str]) -> bool:
    """Whether both stand on the same side of every stage that kept its name."""
    return all(
        entries.comes_before(a, other) == entries.comes_before(b, other)
        or not entries.shared(a, other)
        or not entries.shared(b, other)
        for other in entries.stages
        if other not in changing
    )


def _keeps_order(entries: Entries, pairs: list[tuple[str, str]], a: str, b: str) -> bool:
    return all(
        not (entries.comes_before(a, old) and entries.comes_before(new, b))
        and not (entries.comes_before(old, a) and entries.comes_before(b, new))
        for old, new in pairs
    )


def _merged(entries: Entries, renamed: Mapping[str, str]) -> Entries:
    """Return the entries as if every rung had had its later name all along."""
    stages: dict[str, Stage] = {}
    for name, stage in entries.stages.items():
        kept = renamed.get(name, name)
        other = stages.get(kept)
        stages[kept] = Stage(
            kept,
            stage.leads + (other.leads if other else 0),
            stage.followed + (other.followed if other else 0),
            min(stage.first, other.first) if other else stage.first,
            max(stage.last, other.last) if other else stage.last,
            max(stage.way, other.way) if other else stage.way,
        )
    both: dict[tuple[str, str], int] = {}
    before: dict[tuple[str, str], int] = {}
    for (a, b), count in entries.both.items():
        pair = (renamed.get(a, a), renamed.get(b, b))
        both[pair] = both.get(pair, 0) + count
        before[pair] = before.get(pair, 0) + entries.before.get((a, b), 0)
    return Entries(stages, both, before)


def _ladder(
    entries: Entries,
    renamed: dict[str, str],
    said: list[str],
    ask: Callable[[Question], int],
) -> Ladder:
    stages = entries.stages
    recycled = [name for name in stages if stage_sense(name) == "recycled"]
    lost = [name for name in stages if stage_sense(name) == "lost"]
    others = [name for name in stages if name not in (*recycled, *lost)]
    ends = _exclusive_ends(entries, [name for name in others if stages[name].is_end], lost)
    won = [name for name in others if stage_sense(name) == "won"]
    win = max((name for name in won if name in ends), key=lambda name: stages[name].leads, default=None)
    win = win or max(won, key=lambda name: stages[name].way, default=None)
    if win is None and ends:
        win = _ask_win(entries, ends, lost, ask)
    after = [name for name in others if win and name != win and _only_after(entries, win, name)]
    twins = [name for name in won if win and name in ends and name != win and not entries.shared(win, name)]
    losses = [name for name in ends if win and name != win and name not in (*after, *twins)]
    if losses:
        said.append(f"lost, because nothing follows and no lead has it and {win!r}: {', '.join(map(repr, losses))}")
    if after:
        said.append(f"left out, because only those who are {win!r} enter it: {', '.join(map(repr, after))}")
    for name in twins:
        renamed[name] = str(win)
        said.append(f"{name!r} ends stories as {win!r} does: one rung")
    rungs = _ordered(entries, [n for n in others if n not in (*losses, *after, *twins) and n != win])
    return Ladder(
        (*rungs, *([win] if win else [])),
        (*lost, *losses),
        tuple(recycled),
        renamed,
        tuple(after),
        win is not None,
        tuple(said),
    )


def _exclusive_ends(entries: Entries, ends: list[str], lost: list[str]) -> list[str]:
    """Return the ends of which no lead has two: a rung below another end is one that nobody has left yet."""
    return [
        name
        for name in ends
        if not any(
            entries.shared(name, other) > _FEW * entries.stages[name].leads
            for other in (*ends, *lost)
            if other != name and not entries.comes_before(other, name)
        )
    ]


def _only_after(entries: Entries, win: str, name: str) -> bool:
    stage = entries.stages[name]
    return entries.shared(win, name) >= 0.9 * stage.leads and entries.comes_before(win, name)


def _ask_win(entries: Entries, ends: list[str], lost: list[str], ask: Callable[[Question], int]) -> str:
    """Ask which end is the win; by default the one that leads come to after the longest way."""
    stages = entries.stages
    by_way = sorted(ends, key=lambda name: (-stages[name].way, -stages[name].leads, name))
    if len(by_way) == 1 and lost:
        return by_way[0]
    readings = tuple(
        Reading(f"{name} is the win", f"{stages[name].leads:,} leads, after {stages[name].way:.1f} other stages")
        for name in by_way
    )
    question = Question("No name says which stage is the win. These end a story:", readings)
    return by_way[ask(question)]


def _ordered(entries: Entries, names: list[str]) -> list[str]:
    """Put rungs in order: first what nothing else comes before, of equals what most leads entered."""
    stages, left, order = entries.stages, list(names), list[str]()
    while left:
        later = {b for a, b in combinations(left, 2) if entries.comes_before(a, b)}
        later |= {a for a, b in combinations(left, 2) if entries.comes_before(b, a)}
        free = [name for name in left if name not in later] or left
        wins = {a: sum(entries.comes_before(a, b) for b in left) for a in free}
        # in a circle the one that comes before most others; of free ones the one with the most leads
        best = min(free, key=lambda a: (-wins[a] if len(free) == len(left) and later else 0, -stages[a].leads, a))
        order.append(best)
        left.remove(best)
    return order
