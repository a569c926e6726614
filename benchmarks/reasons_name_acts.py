"""Whether reasons say what the lead did: leads with an act of clear intent, and what reasons leave unnamed.

    python benchmarks/reasons_name_acts.py [--out DIR] [--store URL] [--first N]

Reads a finished run in ``--out`` and its score store's run in force. Of the leads that did something with clear intent
in the last 30 days it counts those whose reasons name such an act, in German and in English, on the lead's page (all
reasons) and in the list (one line); among the first ``--first`` leads that sales does not have yet, and among all.
"Unnamed" is the share of *everything else* in the sum of all parts, in log-odds without their signs; "longest" counts
leads where it is the longest bar.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.language.languages import LANGUAGES, Words
from features.source_spec import SourceSpec
from models.scoring.reason import OTHER
from models.scoring.subjects import RECENT_DAYS
from models.scoring.telling_order import foremost
from models.scoring.wording import ScoreSentences
from serve.reading.open_leads import LeadsWanted
from serve.reading.score_store import ScoreReader

LIST_REASONS = 2
Row = Mapping[str, Any]


def did_lately(out: Path, spec: SourceSpec) -> set[str]:
    """Return the leads with an act of clear intent in the last days, as the feature rows have it."""
    rows = pd.read_parquet(out / "features" / "open.parquet")
    columns = [f"behaviour_{name}_days_since_last" for name in named_families(spec)]
    return set(rows.loc[rows[columns].min(axis=1) <= RECENT_DAYS, "lead_id"])


def named_families(spec: SourceSpec) -> dict[str, Words]:
    """Return the event families of clear intent with their words."""
    return {name: family.words or Words.same(name) for name, family in spec.events.items() if family.intent == "high"}


def names_an_act(reasons: Sequence[Row], spec: SourceSpec) -> bool:
    """Whether reasons name an act of clear intent, in every language."""
    called = named_families(spec).values()
    return all(
        any(words.of(language) in reason[language] for words in called for reason in reasons) for language in LANGUAGES
    )


def line(name: str, rows: Sequence[Row], lately: set[str], sentences: ScoreSentences, spec: SourceSpec) -> str:
    """Return one line of the answer."""
    asked = [row for row in rows if row["lead_id"] in lately]
    told = [sentences.worded(row)["reasons"] for row in asked]
    short = [sentences.worded({**row, "reasons": foremost(row["reasons"], LIST_REASONS)})["reasons"] for row in asked]
    named, listed = (sum(names_an_act(reasons, spec) for reasons in each) for each in (told, short))
    shares = np.array([unnamed(row["reasons"]) for row in rows if row["reasons"]])
    longest = sum(is_longest(row["reasons"]) for row in rows)
    return (
        f"{name:28}{len(rows):7}{len(asked):9}{named:9}{listed:9}"
        f"{np.median(shares):10.1%}{np.quantile(shares, 0.9):8.1%}{longest:9}"
    )


def unnamed(reasons: Sequence[Row]) -> float:
    """Return the share of everything else in the sum of all parts."""
    whole = sum(abs(reason["log_odds"]) for reason in reasons)
    return sum(abs(reason["log_odds"]) for reason in reasons if reason["family"] == OTHER) / whole if whole else 0.0


def is_longest(reasons: Sequence[Row]) -> bool:
    """Whether everything else is the longest bar."""
    return bool(reasons) and max(reasons, key=lambda reason: abs(reason["log_odds"]))["family"] == OTHER


def main() -> None:
    """Read, count and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("data"))
    parser.add_argument("--store", default=None)
    parser.add_argument("--first", type=int, default=50)
    given = parser.parse_args()
    with ScoreReader(given.store or f"sqlite:///{given.out / 'scores.sqlite'}").state() as state:
        assert state.run is not None, "no run in the store"
        wording, about = state.wording(state.run.run_id), state.run.about
        assert wording is not None, "the run does not say how it is worded"
        page = state.open_leads(LeadsWanted(limit=1_000_000))
    spec, sentences = SourceSpec.model_validate(wording.spec), wording.sentences
    lately, rows = did_lately(given.out, spec), [row for row in page.rows if not row["reached"]]
    waiting = sorted(
        (row for row in rows if row["counted_as"] in ("SAL", "MQL", "none")), key=lambda row: -row[about.probability]
    )
    print(f"{'':28}{'leads':>7}{'did so':>9}{'named':>9}{'in list':>9}{'unnamed':>10}{'p90':>8}{'longest':>9}")
    print(line(f"first {given.first} for sales", waiting[: given.first], lately, sentences, spec))
    print(line("all that are not there yet", rows, lately, sentences, spec))


if __name__ == "__main__":
    main()
