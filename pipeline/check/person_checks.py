"""The check for persons among the fit columns: who somebody is, is no reason."""

from __future__ import annotations

from collections.abc import Iterator

from features.checks import CheckResult
from features.leaks.persons import person_sign
from pipeline.check.check import LoadedSource, SourceCheck
from pipeline.source.sql import identifier

VALUES = 500
"""Different values of a column that are looked at, the most frequent first."""


class PersonsInFit(SourceCheck):
    """Names the declared columns that hold persons: names, phone numbers, owners, streets, notes."""

    code, title = "persons", "Persons among the columns"

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Look at heading and values of each column of ``fit``; of an e-mail address only the domain is used."""
        there = {name for name, *_ in context.con.execute("DESCRIBE wide_leads").fetchall()}
        persons = False
        for name, column in context.spec.fit.items():
            if name not in there or column.type in ("email", "boolean"):
                continue
            values = context.con.execute(
                f"SELECT {identifier(name)} FROM wide_leads WHERE {identifier(name)} IS NOT NULL "
                f"GROUP BY ALL ORDER BY count(*) DESC, 1 LIMIT {VALUES}"
            ).fetchall()
            sign = person_sign(name, [value for (value,) in values])
            if sign is not None:
                persons = True
                yield self.failed(
                    f"fit column {name} holds {sign.why}: a person is no feature. Leave it out of fit; under show: in "
                    "source.yaml it is kept for people to see",
                    subject=name,
                    figures={"column": name, "kind": sign.kind},
                )
        if not persons:
            yield self.passed()
