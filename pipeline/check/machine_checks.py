"""The check for machines among the leads' acts: scanners, previews, monitors, own staff and test leads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from features.answers import Answer
from features.checks import CheckResult
from features.tables.machine_acts import guessed_rules
from features.time_units import SECOND_US
from pipeline.check.check import LoadedSource, SourceCheck
from pipeline.ingest.machines import machine_counts, mark_machines
from pipeline.source.sql import literal

_FEWEST_ACTS = 30


class MachineActs(SourceCheck):
    """Counts acts of machines by reason, type of event and form of mail.

    Where ``machines:`` is declared they are marked and no feature counts them. Where it is not, types of events with
    the usual names are looked at, and what a machine did is told: it counts as interest until it is declared.
    """

    code = "machines"
    title = section = "Machines"

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Ask what ``ingest`` marks, or would mark."""
        spec, types = context.spec, [name for family in context.spec.events.values() for name in family.all_types]
        if "events" not in context.rows:
            yield self.passed()
            return
        declared = spec.machines is not None
        if not declared:
            spec = spec.model_copy(update={"machines": guessed_rules(types)})
            mark_machines(context.con, spec, spec.machines)
        coarse = coarse_times(context, spec.machines.watched if spec.machines is not None else ())
        if coarse is not None:
            yield self.unchecked(
                f"All times of opens and clicks are {coarse}: bursts of machines, all links of a mail within seconds, "
                "cannot be seen in this export. Export the times with their seconds",
                subject=coarse,
            )
        counts = machine_counts(context.con, spec)
        if not declared:
            mark_machines(context.con, spec, None)
        for count in counts:
            mail = f" after {count.mail}" if count.mail else ""
            yield self.answered(
                Answer.PASSED if declared else Answer.FAILED,
                f"{count.acts:>10,} acts of {count.leads:,} leads: {count.event_type}{mail}, {count.why}",
                subject=f"{count.event_type}{mail}: {count.why}",
                todo="" if declared else "machines:",
                figures={
                    "event_type": count.event_type, "mail": count.mail, "why": count.why, "acts": count.acts,
                    "leads": count.leads, "marked": declared,
                },
            )  # fmt: skip
        if not counts and coarse is None:
            yield self.passed()

    def lines(self, results: Sequence[CheckResult]) -> list[str]:
        """Return a line a count, and what to do where nothing is declared."""
        counted = [result for result in results if result.figures]
        unseen = [result.sentence for result in results if result.answer is Answer.UNCHECKED]
        if not counted:
            return unseen
        undeclared = any(result.todo for result in counted)
        types = sorted({result.figures["event_type"] for result in counted})
        told = (
            f"These count as interest of the leads. Declare machines: in source.yaml (clicks, opens, sent: which types "
            f"are which; here {', '.join(types)}), and no feature counts them"
            if undeclared
            else "They are marked actor: machine; no feature counts them (machines.csv of the run lists them)"
        )
        return [*unseen, *(result.sentence for result in counted), told]


def coarse_times(context: LoadedSource, watched: Sequence[str]) -> str | None:
    """Say what the times of opens and clicks are where none has seconds; None where they have, or are too few."""
    types, zone = ", ".join(map(literal, watched)) or "NULL", literal(context.spec.timezone)
    acts, minutes, days = context.con.execute(
        f"SELECT count(*), count_if(epoch_us(occurred_at) % {60 * SECOND_US} = 0), "
        "count_if(local = date_trunc('day', local)) "
        f"FROM (SELECT occurred_at, timezone({zone}, occurred_at) AS local FROM kept_events "
        f"WHERE event_type IN ({types}))"
    ).fetchall()[0]
    if acts < _FEWEST_ACTS or minutes < acts:
        return None
    return "whole days" if days == acts else "whole minutes"
