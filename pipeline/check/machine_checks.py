"""The check for machines among the leads' acts: scanners, previews, monitors, own staff and test leads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from features.answers import Answer
from features.checks import CheckResult
from features.tables.machine_acts import guessed_rules
from pipeline.check.check import LoadedSource, SourceCheck
from pipeline.ingest.machines import machine_counts, mark_machines


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
        if not counts:
            yield self.passed()

    def lines(self, results: Sequence[CheckResult]) -> list[str]:
        """Return a line a count, and what to do where nothing is declared."""
        counted = [result for result in results if result.figures]
        if not counted:
            return []
        undeclared = any(result.todo for result in counted)
        types = sorted({result.figures["event_type"] for result in counted})
        told = (
            f"These count as interest of the leads. Declare machines: in source.yaml (clicks, opens, sent: which types "
            f"are which; here {', '.join(types)}), and no feature counts them"
            if undeclared
            else "They are marked actor: machine; no feature counts them (machines.csv of the run lists them)"
        )
        return [*(result.sentence for result in counted), told]
