"""The answer to a question about cut-offs as text tables; every figure is one of the JSON answer."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from features.language.numbers import DASH
from models.bands import BANDS
from models.cutoffs.policies.knobs import DealValue
from models.what_if.answer import Answer, Policy
from models.what_if.answer_part import Figure

WIDTH = 118
SHOWN_LEADS, SHOWN_VALUES = 12, 6
NAMES: dict[Policy, str] = {"proposed": "proposed", "in_force": "in force", "points": "points"}


def to_text(answer: Answer, *, listed_in: str | None = None) -> str:
    """Return the answer for people.

    Parameters
    ----------
    answer : Answer
    listed_in : str, optional
        Where the whole list was written to.
    """
    console = Console(width=WIDTH, highlight=False)
    with console.capture() as capture:
        for sentence in sentences(answer):
            console.print(sentence, markup=False, soft_wrap=True)
        console.print(_stages(answer))
        console.print(_in_test(answer))
        console.print(_people(answer))
        if answer.more_people_in_vain:
            console.print(
                "More people would find no more leads: above the cut-off for MQL the gates let "
                f"{answer.cutoffs.reachable_per_week:.1f} a week pass.",
                markup=False, soft_wrap=True,
            )  # fmt: skip
        _print_changes(console, answer)
        _print_list(console, answer, listed_in)
    return capture.get()


def sentences(answer: Answer) -> list[str]:
    """Return how the question was read, what decided, and what the promise rests on."""
    about, question, cutoffs = answer.about, answer.question, answer.cutoffs
    read = [f"{answer.capacity:g} hand-overs (SAL) a week"] if answer.capacity is not None else []
    read += [f"{question.mql_per_week:g} MQL a week"] if question.mql_per_week is not None else []
    read += [f"{question.promise:.0%} of SALs reach {about.stage}"] if question.promise is not None else []
    read += [_money(question.value)] if question.value is not None else []
    return [
        *([answer.other_in_force.en] if answer.other_in_force is not None else []),
        f"{about.title.en}, data as of {about.observed_until[:16].replace('T', ' ')} UTC. "
        f"Asked: {', '.join(read) or 'nothing: the cut-offs in force'}.",
        f"MQL from {cutoffs.mql:.4f}, SAL from {cutoffs.sal:.4f}. {limit_sentence(answer)}",
        *promise_sentence(answer),
    ]


def limit_sentence(answer: Answer) -> str:
    """Return what decided on the cut-off for SAL, and why there are fewer leads than people where there are."""
    cutoffs = answer.cutoffs
    words = {
        "capacity": "SAL is set by the number of leads a week.",
        "promise": "SAL is set by the promise.",
        "value": "SAL is set by the value.",
        "in_force": "SAL stays as it is in force.",
        "mql": "SAL is as low as it may be: not below MQL.",
    }[cutoffs.limit]
    if not answer.fewer_than_time_for:
        return words
    got = answer.stages.sal.proposed.leads_per_week
    less = f"{words} {got:.1f} a week is less than the {answer.capacity:g} there is time for"
    if not answer.gates_are_the_limit:
        return f"{less}."
    return (
        f"{less}: at the cut-off for MQL the gates let {cutoffs.reachable_per_week:.1f} a week pass, at no cut-off "
        f"more than {cutoffs.reachable_per_week_at_all:.1f}."
    )


def promise_sentence(answer: Answer) -> list[str]:
    """Return what the promise rests on; nothing where none was asked."""
    promise = answer.promise
    if promise is None:
        return []
    in_test = share_between(answer.stages.sal.proposed.test.precision)
    return [
        f"Promise kept: at least {promise.share:.0%} of SALs reach {answer.about.stage}, "
        f"{promise.confidence:.0%} sure; {promise.won} of {promise.leads} past promotions did. "
        f"In the test period it was {in_test}."
    ]


def _money(value: DealValue) -> str:
    return f"a deal is worth {value.deal:,.0f}, a hand-over costs {value.handover:,.0f}"


def _stages(answer: Answer) -> Table:
    goal, sure, with_value = answer.about.stage, answer.question.confidence, answer.question.value is not None
    table = _table(
        f"A week in the next quarter ({sure:.0%} intervals; cut-offs chosen on the calibration period)",
        ["", "cut-off", "leads", f"reach {goal}", "share", "deals", *(["value"] if with_value else [])],
    )
    for band, policies in answer.stages.items():
        for policy, side in policies.items():
            quarter = side.next_quarter
            cells = [
                f"{band} {policy_name(policy, answer)}", _cutoff(side.cutoff, policy, answer),
                between(quarter.leads, 1), between(quarter.outcomes, 1), share_between(quarter.precision),
                between(quarter.deals, 1),
            ]  # fmt: skip
            table.add_row(*cells, *([between(quarter.value, 0)] if with_value else []))
    return table


def _in_test(answer: Answer) -> Table:
    goal = answer.about.stage
    table = _table(
        "What they would have done in the test period, which decided nothing (95 % intervals)",
        ["", "leads a week", f"reach {goal} a week", "share", "deals a week", "leads judged"],
    )
    for band, policies in answer.stages.items():
        for policy, side in policies.items():
            test = side.test
            table.add_row(
                f"{band} {policy_name(policy, answer)}", f"{test.leads_per_week:.1f}",
                between(test.outcomes_per_week, 1), share_between(test.precision), between(test.deals_per_week, 1),
                f"{test.leads:,.0f}",
            )  # fmt: skip
    return table


def _people(answer: Answer) -> Table:
    table = _table(
        f"Salespeople more and fewer, each with time for {answer.person_per_week:.1f} leads a week "
        "(change a week, 95 % intervals)",
        ["people", "asked a week", "got", "leads", f"reach {answer.about.stage}", "deals", "promise"],
    )
    words = {None: DASH, True: "kept", False: "not kept"}
    for row in answer.people:
        table.add_row(
            f"{row.people:+d}", f"{row.sal_per_week:.1f}", f"{row.got_per_week:.1f}",
            between(row.leads, 1, signed=True), between(row.outcomes, 1, signed=True),
            between(row.deals, 1, signed=True), words[row.keeps_promise],
        )  # fmt: skip
    return table


def _print_changes(console: Console, answer: Answer) -> None:
    counts = _table(
        f"Who enters and who leaves: {answer.changes.leads:,} open leads that sales does not have yet",
        ["", "now", "enter", "leave", "then"],
    )
    for band in BANDS:
        for policy, moves in answer.changes.of(band).items():
            cells = (f"{count:,}" for count in (moves.now, moves.entering, moves.leaving, moves.then))
            counts.add_row(f"{band} against {policy_name(policy, answer)}", *cells)
    console.print(counts)
    for moved in answer.changes.mql.points.tables:
        table = _table(
            f"MQL by {moved.title.en}, against {policy_name('points', answer)}",
            ["", "open", "now", "enter", "leave", "then"],
        )
        for row in moved.by_movement(SHOWN_VALUES):
            name = row.value.en if row.value is not None else "not filled in"
            table.add_row(name, *(f"{n:,}" for n in (row.leads, row.now, row.entering, row.leaving, row.then)))
        console.print(table)


def _print_list(console: Console, answer: Answer, listed_in: str | None) -> None:
    monday = answer.monday
    table = _table(
        f"Next Monday: {monday.sal:,} SAL and {monday.mql:,} MQL that sales does not have yet",
        ["", "lead", "band", "probability", "points", "band by points", "grades", "stage"],
    )
    for row in monday.rows[:SHOWN_LEADS]:
        table.add_row(
            f"{row.place}", row.lead_id, row.band + "*" * row.held_by_gates, f"{row.p:.1%}",
            DASH if row.points is None else f"{row.points:g}", row.points_band, row.grades(DASH), row.stage or DASH,
        )  # fmt: skip
    console.print(table)
    if monday.held_by_gates:
        console.print(f"* likely enough for SAL, but a gate is closed: {monday.held_by_gates:,} leads", markup=False)
    rest = len(monday.rows) - SHOWN_LEADS
    if listed_in is not None:
        console.print(f"All {len(monday.rows):,} are in {listed_in}", markup=False, soft_wrap=True)
    elif rest > 0:
        console.print(f"… and {rest:,} more: --list FILE.csv writes all", markup=False)


def _table(title: str, heads: list[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False)
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place == 0 else "right")
    return table


def policy_name(policy: Policy, answer: Answer) -> str:
    """Return what a policy is called; without points rules, naive Bayes stands in for them."""
    return "naive Bayes" if policy == "points" and not answer.about.has_points else NAMES[policy]


def _cutoff(value: float, policy: Policy, answer: Answer) -> str:
    return f"{value:g}" if policy == "points" and answer.about.has_points else f"{value:.4f}"


def between(figure: Figure | None, digits: int, *, signed: bool = False) -> str:
    """Return a figure with its bounds.

    Examples
    --------
    >>> between(Figure(value=3.61, low=2.2, high=5.54), 1), between(None, 1)
    ('3.6 (2.2 to 5.5)', '–')
    """
    if figure is None or figure.value is None:
        return DASH
    form = f"{'+' if signed else ''},.{digits}f"
    value = f"{figure.value:{form}}"
    if figure.low is None or figure.high is None:
        return value
    return f"{value} ({figure.low:{form}} to {figure.high:{form}})"


def share_between(figure: Figure | None) -> str:
    """Return a share in percent with its bounds."""
    if figure is None or figure.value is None:
        return DASH
    if figure.low is None or figure.high is None:
        return f"{figure.value:.0%}"
    return f"{figure.value:.0%} ({figure.low:.0%} to {figure.high:.0%})"
