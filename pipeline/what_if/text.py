"""The answer to a question about cut-offs as text tables; every figure is one of the JSON answer."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from features.language.numbers import DASH

WIDTH = 118
SHOWN_LEADS, SHOWN_VALUES = 12, 6
POLICIES = ("proposed", "in_force", "points")

Tree = dict[str, Any]


def to_text(answer: Tree, *, listed_in: str | None = None) -> str:
    """Return the answer for people.

    Parameters
    ----------
    answer : dict
        From `models.what_if.answer.what_if`.
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
        most = answer["people"][-1]
        if most["got_per_week"] < most["sal_per_week"] - 0.5:
            passing = answer["cutoffs"]["reachable_per_week"]
            console.print(
                f"More people would find no more leads: above the cut-off for MQL the gates let {passing:.1f} a week "
                "pass.",
                markup=False, soft_wrap=True,
            )  # fmt: skip
        _print_changes(console, answer)
        _print_list(console, answer, listed_in)
    return capture.get()


def sentences(answer: Tree) -> list[str]:
    """Return how the question was read, what decided, and what the promise rests on."""
    about, asked, cutoffs = answer["about"], answer["question"], answer["cutoffs"]
    read = [f"{answer['capacity']:g} hand-overs (SAL) a week"] if answer["capacity"] is not None else []
    read += [f"{asked['mql_per_week']:g} MQL a week"] if asked["mql_per_week"] is not None else []
    read += [f"{asked['promise']:.0%} of SALs reach {about['stage']}"] if asked["promise"] is not None else []
    read += [_money(asked["value"])] if asked["value"] is not None else []
    return [
        f"{about['title']['en']}, data as of {about['observed_until'][:16].replace('T', ' ')} UTC. "
        f"Asked: {', '.join(read) or 'nothing: the cut-offs in force'}.",
        f"MQL from {cutoffs['mql']:.4f}, SAL from {cutoffs['sal']:.4f}. {limit_sentence(answer)}",
        *promise_sentence(answer),
    ]


def limit_sentence(answer: Tree) -> str:
    """Return what decided on the cut-off for SAL, and why there are fewer leads than people where there are."""
    cutoffs = answer["cutoffs"]
    got = answer["stages"]["SAL"]["proposed"]["leads_per_week"]
    words = {
        "capacity": "SAL is set by the number of leads a week.",
        "promise": "SAL is set by the promise.",
        "value": "SAL is set by the value.",
        "in_force": "SAL stays as it is in force.",
        "mql": "SAL is as low as it may be: not below MQL.",
    }[cutoffs["limit"]]
    wanted = answer["capacity"]
    if wanted is None or got >= wanted - 0.5:
        return words
    less = f"{words} {got:.1f} a week is less than the {wanted:g} there is time for"
    if cutoffs["limit"] in ("promise", "value"):
        return f"{less}."
    return (
        f"{less}: at the cut-off for MQL the gates let "
        f"{cutoffs['reachable_per_week']:.1f} a week pass, at no cut-off more than "
        f"{cutoffs['reachable_per_week_at_all']:.1f}."
    )


def promise_sentence(answer: Tree) -> list[str]:
    """Return what the promise rests on; nothing where none was asked."""
    kept = answer["promise"]
    if kept is None:
        return []
    held = share_between(answer["stages"]["SAL"]["proposed"]["test"]["precision"])
    return [
        f"Promise kept: at least {kept['share']:.0%} of SALs reach {answer['about']['stage']}, "
        f"{kept['confidence']:.0%} sure; {kept['won']} of {kept['leads']} past promotions did. "
        f"In the test period it was {held}."
    ]


def _money(value: Tree) -> str:
    return f"a deal is worth {value['deal']:,.0f}, a hand-over costs {value['handover']:,.0f}"


def _stages(answer: Tree) -> Table:
    goal, sure = answer["about"]["stage"], answer["question"]["confidence"]
    table = _table(
        f"A week in the next quarter ({sure:.0%} intervals; cut-offs chosen on the calibration period)",
        [
            "",
            "cut-off",
            "leads",
            f"reach {goal}",
            "share",
            "deals",
            *(["value"] if answer["question"]["value"] else []),
        ],
    )
    for band, stage in answer["stages"].items():
        for policy in POLICIES:
            name, side = policy_name(policy, answer), stage[policy]
            quarter = side["next_quarter"]
            cells = [
                f"{band} {name}", _cutoff(side["cutoff"], policy, answer), between(quarter["leads"], 1),
                between(quarter["outcomes"], 1), share_between(quarter["precision"]), between(quarter["deals"], 1),
            ]  # fmt: skip
            table.add_row(*cells, *([between(quarter["value"], 0)] if answer["question"]["value"] else []))
    return table


def _in_test(answer: Tree) -> Table:
    goal = answer["about"]["stage"]
    table = _table(
        "What they would have done in the test period, which decided nothing (95 % intervals)",
        ["", "leads a week", f"reach {goal} a week", "share", "deals a week", "leads judged"],
    )
    for band, stage in answer["stages"].items():
        for policy in POLICIES:
            name, test = policy_name(policy, answer), stage[policy]["test"]
            table.add_row(
                f"{band} {name}", f"{test['leads_per_week']:.1f}", between(test["outcomes_per_week"], 1),
                share_between(test["precision"]), between(test["deals_per_week"], 1), f"{test['leads']:,.0f}",
            )  # fmt: skip
    return table


def _people(answer: Tree) -> Table:
    goal = answer["about"]["stage"]
    table = _table(
        f"Salespeople more and fewer, each with time for {answer['person_per_week']:.1f} leads a week "
        "(change a week, 95 % intervals)",
        ["people", "asked a week", "got", "leads", f"reach {goal}", "deals", "promise"],
    )
    words = {None: DASH, True: "kept", False: "not kept"}
    for row in answer["people"]:
        table.add_row(
            f"{row['people']:+d}", f"{row['sal_per_week']:.1f}", f"{row['got_per_week']:.1f}",
            between(row["leads"], 1, signed=True), between(row["outcomes"], 1, signed=True),
            between(row["deals"], 1, signed=True), words[row["keeps_promise"]],
        )  # fmt: skip
    return table


def _print_changes(console: Console, answer: Tree) -> None:
    leads = answer["changes"]["leads"]
    counts = _table(
        f"Who enters and who leaves: {leads:,} open leads that sales does not have yet",
        ["", "now", "enter", "leave", "then"],
    )
    for band in answer["stages"]:
        for name in ("points", "in_force"):
            change = answer["changes"][band][name]
            cells = (change[key] for key in ("now", "entering", "leaving", "then"))
            counts.add_row(f"{band} against {policy_name(name, answer)}", *(f"{count:,}" for count in cells))
    console.print(counts)
    for told in answer["changes"]["MQL"]["points"]["tables"]:
        table = _table(
            f"MQL by {told['title']['en']}, against {policy_name('points', answer)}",
            ["", "open", "now", "enter", "leave", "then"],
        )
        shown = sorted(told["rows"], key=lambda row: -(row["entering"] + row["leaving"]))[:SHOWN_VALUES]
        for row in shown:
            name = row["value"]["en"] if row["value"] is not None else "not filled in"
            cells = (row[key] for key in ("leads", "now", "entering", "leaving", "then"))
            table.add_row(name, *(f"{count:,}" for count in cells))
        console.print(table)


def _print_list(console: Console, answer: Tree, listed_in: str | None) -> None:
    monday = answer["monday"]
    table = _table(
        f"Next Monday: {monday['sal']:,} SAL and {monday['mql']:,} MQL that sales does not have yet",
        ["", "lead", "band", "probability", "points", "band by points", "grades", "stage"],
    )
    for row in monday["rows"][:SHOWN_LEADS]:
        table.add_row(
            f"{row['place']}", row["lead_id"], row["band"] + "*" * row["held_by_gates"], f"{row['p']:.1%}",
            DASH if row["points"] is None else f"{row['points']:g}", row["points_band"],
            f"{row['fit_grade'] or DASH}{row['behaviour_grade'] or ''}", row["stage"] or DASH,
        )  # fmt: skip
    console.print(table)
    if monday["held_by_gates"]:
        console.print(f"* likely enough for SAL, but a gate is closed: {monday['held_by_gates']:,} leads", markup=False)
    rest = len(monday["rows"]) - SHOWN_LEADS
    if listed_in is not None:
        console.print(f"All {len(monday['rows']):,} are in {listed_in}", markup=False, soft_wrap=True)
    elif rest > 0:
        console.print(f"… and {rest:,} more: --list FILE.csv writes all", markup=False)


def _table(title: str, heads: list[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False)
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place == 0 else "right")
    return table


def policy_name(policy: str, answer: Tree) -> str:
    """Return what a policy is called; without points rules, naive Bayes stands in for them."""
    if policy == "points" and answer["about"]["baseline"] != "points":
        return "naive Bayes"
    return {"proposed": "proposed", "in_force": "in force", "points": "points"}[policy]


def _cutoff(value: float, policy: str, answer: Tree) -> str:
    return f"{value:g}" if policy == "points" and answer["about"]["baseline"] == "points" else f"{value:.4f}"


def between(figure: Tree | None, digits: int, *, signed: bool = False) -> str:
    """Return a figure with its bounds.

    Examples
    --------
    >>> between({"value": 3.61, "low": 2.2, "high": 5.54}, 1), between(None, 1)
    ('3.6 (2.2 to 5.5)', '–')
    """
    if figure is None or figure["value"] is None:
        return DASH
    form = f"{'+' if signed else ''},.{digits}f"
    value = f"{figure['value']:{form}}"
    if figure["low"] is None or figure["high"] is None:
        return value
    return f"{value} ({figure['low']:{form}} to {figure['high']:{form}})"


def share_between(figure: Tree | None) -> str:
    """Return a share in percent with its bounds."""
    if figure is None or figure["value"] is None:
        return DASH
    return f"{figure['value']:.0%} ({figure['low']:.0%} to {figure['high']:.0%})"
