"""The simulated company: the usual leads, and those that a change brings in beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.simulate.accounts import Accounts
from pipeline.simulate.people import People
from pipeline.simulate.shift import Shift, with_extra
from pipeline.simulate.tables import leads_table

CHUNK_LEADS = 4000


@dataclass(frozen=True)
class Company:
    """Everybody who turns up, and what comes over the company; leads from ``usual`` on come of that."""

    people: People
    accounts: Accounts
    usual: int
    shift: Shift

    def parts(self) -> Iterator[slice]:
        """Yield the usual leads chunk by chunk, then the others: so the lives of the usual ones stay as they are."""
        yield from _chunks(0, self.usual)
        yield from _chunks(self.usual, len(self.people))


def make_company(people: People, accounts: Accounts, shift: Shift, *, leads: int, first_us: int) -> Company:
    """Return the usual leads with those that the change brings in; ``leads`` is the size asked for."""
    usual, extra = len(people), shift.extra_people(people, leads=leads, first_us=first_us)
    if extra is not None:
        people, accounts = with_extra(people, accounts, *extra)
    return Company(people, accounts, usual, shift)


def _chunks(first: int, end: int) -> Iterator[slice]:
    for start in range(first, end, CHUNK_LEADS):
        yield slice(start, min(start + CHUNK_LEADS, end))


def company_leads(company: Company, ids: np.ndarray, seed: int) -> pa.Table:
    """Return table leads; what is drawn for the usual leads does not depend on the others."""
    parts, draw = (slice(0, company.usual), slice(company.usual, len(company.people))), ([seed, 1], [seed, 7])
    tables = [
        leads_table(np.random.default_rng(part_seed), company.people.rows(part), company.accounts, ids[part])
        for part, part_seed in zip(parts, draw, strict=True)
        if part.stop > part.start
    ]
    return pa.concat_tables(tables)


def write_shift(company: Company, ids: np.ndarray, truth: Path) -> None:
    """Write what came over the company, and the leads that it made or lifted; nothing in the usual demo."""
    shift = company.shift
    if shift.options.kind == "none":
        return
    parts = (slice(0, company.usual), slice(company.usual, len(ids)))
    planted = [shift.planted(company.people.rows(part), extra=place > 0) for place, part in enumerate(parts)]
    pq.write_table(pa.table({"lead_id": pa.array(ids[np.concatenate(planted)])}), truth / "shift.parquet")
    (truth / "shift.json").write_text(shift.options.model_dump_json(indent=1) + "\n", encoding="utf-8")
