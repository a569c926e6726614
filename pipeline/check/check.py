"""What a check of ``leadscore check`` is: a question about a source's data as loaded, told in a section or a note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import duckdb
import pandas as pd

from features.answers import Answer
from features.checks import Check, CheckResult
from features.labelling.labels import build_labels
from features.labelling.snapshots import history_snapshots
from features.leaks.later_outcomes import Stories, tell_stories
from features.source_spec import SourceSpec
from features.tables.row_contracts import Table
from pipeline.ingest.stage import TIME_COLUMNS, observed_until_us
from pipeline.ingest.unknown_ids import UnknownIds
from pipeline.settings.settings import Settings
from pipeline.source.sql import Query

MOST_LEADS_JUDGED = 100_000
"""Leads that the leak signs look at; of more, an even sample."""
NOTES = "Notes"


@dataclass(frozen=True)
class LoadedSource:
    """A source's data in a database of its own; what several checks need is worked out when the first asks, and once.

    Attributes
    ----------
    con : DuckDBPyConnection
        With ``wide_leads``, ``kept_leads``, ``typed_changes``, ``rejects`` and the views ``out_TABLE``.
    spec : SourceSpec
        The source.
    queries : mapping of Table to Query
        Where each table came from.
    rows : mapping of Table to int
        Rows of each table as given, the rejected ones among them.
    settings : Settings
    """

    con: duckdb.DuckDBPyConnection
    spec: SourceSpec
    queries: Mapping[Table, Query]
    rows: Mapping[Table, int]
    settings: Settings

    @cached_property
    def observed_until_us(self) -> int:
        """Until when outcomes are in the export, in microseconds since 1970."""
        return observed_until_us(self.con, self.spec)

    @cached_property
    def unknown_ids(self) -> UnknownIds:
        """The rejected rows of unknown leads."""
        return UnknownIds(self.con, lambda: self.con)

    @cached_property
    def leads(self) -> pd.DataFrame:
        """``lead_id``, ``created_us``, one row a lead."""
        return self._read(
            f"SELECT lead_id, epoch_us({TIME_COLUMNS['leads']}) AS created_us FROM out_leads ORDER BY ALL"
        )

    @cached_property
    def stages(self) -> pd.DataFrame:
        """``lead_id``, ``stage``, ``entered_us``, one row an entry."""
        time = TIME_COLUMNS["stages"]
        return self._read(f"SELECT lead_id, stage, epoch_us({time}) AS entered_us FROM out_stages ORDER BY ALL")

    @cached_property
    def event_counts(self) -> pd.DataFrame:
        """``event_type``, ``lead_id``, ``n``, one row a lead and type."""
        return self._read("SELECT event_type, lead_id, count(*) AS n FROM out_events GROUP BY ALL")

    @cached_property
    def looks(self) -> pd.DataFrame:
        """``lead_id``, ``as_of_us``, each lead's first look."""
        looks = history_snapshots(self.leads, self.stages, self.spec, observed_until_us=self.observed_until_us)
        return looks.sort_values(["lead_id", "as_of_us"]).drop_duplicates("lead_id", ignore_index=True)

    @cached_property
    def labels(self) -> pd.DataFrame:
        """Outcomes of the first looks, one row a look and target."""
        return build_labels(self.looks, self.stages, self.spec, observed_until_us=self.observed_until_us)

    @cached_property
    def stories(self) -> Stories:
        """What became of the leads that the leak signs look at; asking for it makes the view ``judged`` of them."""
        looks = self.looks.merge(self.leads, on="lead_id")
        outcome = self.labels.loc[self.labels["target"] == self.spec.primary_target].set_index("lead_id")["y"]
        sample = looks.sort_values("lead_id").iloc[:: len(looks) // MOST_LEADS_JUDGED + 1]
        sample = sample.assign(y=sample["lead_id"].map(outcome))
        self.con.register("judged", sample[["lead_id", "as_of_us"]])
        activity = self._read(
            "SELECT lead_id, count_if(actor = 'lead') AS lead_events, count_if(actor = 'sales') AS sales_events, "
            "epoch_us(max(occurred_at)) AS last_us FROM out_events JOIN judged USING (lead_id) "
            "WHERE epoch_us(occurred_at) > as_of_us GROUP BY lead_id"
        ).set_index("lead_id")
        return tell_stories(sample, self.stages, activity, self.spec, observed_until_us=self.observed_until_us)

    def count(self, query: str) -> int:
        """Return the one number that a query gives."""
        return int(self.con.execute(query).fetchall()[0][0])

    def _read(self, query: str) -> pd.DataFrame:
        rows: pd.DataFrame = self.con.sql(query).to_arrow_table().to_pandas()
        return rows


class SourceCheck(Check[LoadedSource]):
    """A check of ``leadscore check``.

    A check with a section of its own is told there, a line a result, and in JSON under its code. One without is told
    among the notes where it did not pass.

    Attributes
    ----------
    section : str
        Heading on the terminal.
    """

    section: ClassVar[str] = NOTES

    def lines(self, results: Sequence[CheckResult]) -> list[str]:
        """Return what the terminal shows."""
        entries = [result for result in results if self.section != NOTES or result.answer is not Answer.PASSED]
        return [result.sentence for result in entries]

    def rows(self, results: Sequence[CheckResult]) -> list[dict[str, Any]]:
        """Return what JSON holds: the figures of each result that has some."""
        return [dict(result.figures) for result in results if result.figures]
