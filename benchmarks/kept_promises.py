"""Whether what cut-offs state of the next quarter is kept as often as it claims.

    python benchmarks/kept_promises.py --out DIR [--companies 16] [--first-seed 101] [--leads 8000]
        [--every 7d]

For every quarter of every simulated company (`simulated_quarters`), each policy sets MQL and SAL on the nights before,
and what it stated is held against the quarter after, counted as the job counts: first promotions by the final forecast,
over all open leads, at the rhythm of the job. A stated interval is kept if the figure of the quarter lies inside. A
promised precision is kept if the true share, from the simulation's own probabilities of the promoted leads, is what was
promised or more. Where no cut-off keeps a promise the policy refuses: that is counted beside.

Policies of one quarter see the same leads, so Wilson's interval counts quarters. Quarters of one company share their
market and overlap in what was learned; so there is an interval by company too: companies are drawn with replacement.
``DIR/kept.csv`` has a row a quarter, policy, stage and figure; ``DIR/table.md`` the table. Runs go on where they were
stopped.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from simulated_quarters import QUARTER_WEEKS, Quarter, make_company, make_quarters, read_quarters

from features.errors import InputError
from models.bands import BANDS, Band, PerBand
from models.cutoffs.carry_over_by_volume import carry_over
from models.cutoffs.choose import choose_cutoff
from models.cutoffs.counting import Counting
from models.cutoffs.evidence import BandEvidence, cutoff_evidence
from models.cutoffs.next_quarter import moves_of, state_next_quarter
from models.cutoffs.policies.knobs import Capacity, DealValue
from models.cutoffs.policies.policy import Chosen, Compared
from models.cutoffs.policy_options import BandOptions
from models.cutoffs.weekly_volumes import PastVolumes
from models.measures.wilson import wilson

OWN_CUTOFFS = PerBand(mql=40.0, sal=55.0)
"""Those of the demo's rules."""
CONFIDENCE = 0.9
VALUE = DealValue(deal=8_000, handover=300)
FIGURES = ("leads_per_week", "precision", "recall", "outcomes_per_week", "deals_per_week", "value_per_week")
DRAWS = 2_000

POLICIES: dict[str, dict[Band, BandOptions]] = {
    "same volume as points": dict.fromkeys(BANDS, BandOptions(policy="same_volume_as_points", value=VALUE)),
    "capacity": {
        "MQL": BandOptions(policy="capacity", capacity=Capacity(people=0.5, minutes_a_lead=40), value=VALUE),
        "SAL": BandOptions(policy="capacity", capacity=Capacity(people=0.3, minutes_a_lead=90), value=VALUE),
    },
    "same precision": dict.fromkeys(BANDS, BandOptions(policy="same_precision_more_leads", value=VALUE)),
    "same recall": dict.fromkeys(BANDS, BandOptions(policy="same_recall_fewer_leads", value=VALUE)),
    "expected value": dict.fromkeys(BANDS, BandOptions(policy="expected_value", value=VALUE)),
    **{
        f"promise {share:.0%}": dict.fromkeys(
            BANDS, BandOptions(policy="promised_precision", promise=share, value=VALUE)
        )
        for share in (0.15, 0.2, 0.3, 0.4)
    },
}


@dataclass(frozen=True)
class Sides:
    """What both sides of a quarter's beginning say of the stages."""

    before: PerBand[BandEvidence]
    final: PerBand[BandEvidence]
    after: PerBand[BandEvidence]
    compared: Compared


def with_veto(rows: pd.DataFrame) -> pd.DataFrame:
    """Return looks with sales' veto in force, as the job has it."""
    return rows.assign(excluded=rows["excluded"] | rows["vetoed"])


def sides(quarter: Quarter) -> Sides:
    """Build the evidence of a quarter."""
    rows, following = with_veto(quarter.calibration), with_veto(quarter.following)
    points = cutoff_evidence(rows, quarter.counting, score="points")
    asked = PerBand.by(lambda band: float(points.of(band).counted_leads([OWN_CUTOFFS.of(band)])[0]))
    compared = Compared(points, OWN_CUTOFFS, asked, own=True)
    after = cutoff_evidence(following, Counting(quarter.from_us, QUARTER_WEEKS))
    final = cutoff_evidence(rows, quarter.counting, score="p_final")
    return Sides(cutoff_evidence(rows, quarter.counting), final, after, compared)


def realised(evidence: BandEvidence, threshold: float, true_p: pd.Series) -> dict[str, float]:
    """Return what became of a cut-off in the quarter; the true precision besides."""
    promoted = evidence.promotions[evidence.passages.at(threshold) & evidence.promotions["counted"].to_numpy()]
    leads, won, deals = len(promoted), promoted["y"].sum(), promoted["y_close"].sum()
    truth = true_p.iloc[evidence.passages.row[promoted.index]]
    return {
        "leads": leads,
        "leads_per_week": leads / QUARTER_WEEKS,
        "precision": won / leads if leads else np.nan,
        "outcomes_per_week": won / QUARTER_WEEKS,
        "deals_per_week": deals / QUARTER_WEEKS,
        "value_per_week": (deals * (VALUE.deal + VALUE.missed) - leads * VALUE.handover) / QUARTER_WEEKS,
        "true_precision": float(truth.mean()) if leads else np.nan,
    }


def recall_of(quarter: Quarter, threshold: float, band: Band) -> float:
    """Return, of the quarter's new leads that reach the target, the share promoted, as the calibration counts it."""
    rows = with_veto(quarter.following)
    new = rows[rows.groupby("lead_id")["as_of_us"].transform("min") >= quarter.from_us]
    leads, found = BandEvidence.of(new, Counting(quarter.from_us, QUARTER_WEEKS), band).recall(threshold)
    return found / leads if leads else np.nan


def judge(quarter: Quarter) -> Iterator[dict[str, object]]:
    """Yield a row a policy, stage and figure of one quarter."""
    found = sides(quarter)
    for name, asked in POLICIES.items():
        mql: Chosen | None = None
        for band in BANDS:
            key = {"company": quarter.company, "quarter": quarter.number, "policy": name, "stage": band}
            evidence = found.before.of(band)
            try:
                chosen = choose_cutoff(evidence, asked[band], confidence=CONFIDENCE, compared=found.compared)
            except InputError:
                yield {**key, "figure": "promise", "refused": True}
                continue
            if band == "MQL":
                mql = chosen
            threshold = max(chosen.threshold, mql.threshold) if mql is not None and chosen.promise is None else None
            yield from _held(quarter, found, key, band, threshold or chosen.threshold, chosen)


def _held(
    quarter: Quarter, found: Sides, key: dict[str, object], band: Band, threshold: float, chosen: Chosen
) -> Iterator[dict[str, object]]:
    evidence = found.before.of(band)
    moves = moves_of(evidence, threshold, PastVolumes.of(quarter.past, band, until_us=quarter.from_us))
    stated = state_next_quarter(
        evidence, threshold, confidence=CONFIDENCE, moves=moves, value=VALUE, draws=DRAWS, seed=quarter.number
    )
    in_force = carry_over(evidence, found.final.of(band), threshold)
    became = realised(found.after.of(band), in_force, quarter.following["true_p"])
    became["recall"] = recall_of(quarter, in_force, band)
    told = {"threshold": threshold, "judged": stated.judged_leads, "leads": became["leads"]}
    for figure in FIGURES:
        bounds = getattr(stated, figure)
        if bounds is None or np.isnan(became[figure]):
            continue
        inside = bool(bounds.low - 1e-9 <= became[figure] <= bounds.high + 1e-9)
        interval = {"stated": bounds.value, "low": bounds.low, "high": bounds.high}
        yield {**key, **told, "figure": figure, **interval, "realised": became[figure], "kept": inside}
    if chosen.promise is not None and became["leads"]:
        true = became["true_precision"]
        yield {
            **key, **told, "figure": "promise", "stated": chosen.promise.share, "realised": true,
            "kept": bool(true >= chosen.promise.share), "refused": False,
        }  # fmt: skip


def by_company(rows: pd.DataFrame, *, draws: int = 2_000, seed: int = 0) -> tuple[float, float]:
    """Return the bounds of a share kept, when whole companies are drawn with replacement."""
    sums = rows.groupby("company")["kept"].agg(["sum", "size"]).to_numpy(dtype="float64")
    drawn = np.random.default_rng(seed).integers(0, len(sums), (draws, len(sums)))
    shares = sums[drawn, 0].sum(axis=1) / sums[drawn, 1].sum(axis=1)
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(low), float(high)


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row a figure and stage, over all policies and for each; shares of quarters in which it was kept."""
    table = []
    judged = rows[rows["kept"].notna()].astype({"kept": "float64"})
    together = judged.assign(policy="all policies")
    for (figure, stage, policy), part in pd.concat([together, judged]).groupby(["figure", "stage", "policy"]):
        quarters = part.groupby(["company", "quarter"]).ngroups
        low, high = wilson(part["kept"].mean() * quarters, quarters)  # policies of one quarter go together
        cluster = by_company(part)
        refused = rows[(rows["stage"] == stage) & (rows["policy"] == policy) & (rows["figure"] == "promise")]
        table.append(
            {
                "figure": figure,
                "stage": stage,
                "policy": policy,
                "quarters": quarters,
                "judgements": len(part),
                "kept": part["kept"].mean(),
                "wilson_low": float(low),
                "wilson_high": float(high),
                "company_low": cluster[0],
                "company_high": cluster[1],
                "stated": part["stated"].mean(),
                "realised": part["realised"].mean(),
                "width": (part["high"] - part["low"]).mean(),
                "refused": int(refused["refused"].eq(True).sum()) if "refused" in refused else 0,
            }
        )
    return pd.DataFrame(table)


FIGURE_WORDS = {
    "promise": "promised precision: true share at least as promised",
    "leads_per_week": "leads a week",
    "precision": "share that reaches SQL",
    "recall": "share of SQLs found",
    "outcomes_per_week": "SQLs a week",
    "deals_per_week": "deals a week",
    "value_per_week": "value a week",
}


def as_markdown(table: pd.DataFrame) -> str:
    """Return the table of the documentation: every figure over all policies, and each promise by itself."""
    shown = table[(table["policy"] == "all policies") | (table["figure"] == "promise")].copy()
    shown["place"] = shown["figure"].map(list(FIGURE_WORDS).index)
    lines = [
        "| stated | stage | judged in quarters | kept | 95 %, quarters | 95 %, companies | stated | came | refused |",
        "|---|---|---:|---:|---|---|---:|---:|---:|",
    ]
    for row in shown.sort_values(["place", "stage", "policy"]).itertuples():
        name = FIGURE_WORDS[str(row.figure)] + ("" if row.policy == "all policies" else f", {row.policy}")
        refused = "" if row.figure != "promise" or row.policy == "all policies" else f"{row.refused}"
        lines.append(
            f"| {name} | {row.stage} | {row.judgements} in {row.quarters} | {row.kept:.1%} | "
            f"{row.wilson_low:.1%} to {row.wilson_high:.1%} | {row.company_low:.1%} to {row.company_high:.1%} | "
            f"{row.stated:.3g} | {row.realised:.3g} | {refused} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Simulate what is not there yet, judge every quarter, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--companies", type=int, default=16)
    parser.add_argument("--first-seed", type=int, default=101)
    parser.add_argument("--leads", type=int, default=8_000)
    parser.add_argument("--every", default="7d", help="rhythm of the job; must divide 13 weeks")
    arguments = parser.parse_args()
    parts = []
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.companies):
        folder = arguments.out / f"company_{seed}"
        folder.mkdir(parents=True, exist_ok=True)
        make_quarters(folder, make_company(folder, seed=seed, leads=arguments.leads, every=arguments.every))
        for quarter in read_quarters(folder, seed):
            parts += list(judge(quarter))
    rows = pd.DataFrame(parts)
    rows.to_csv(arguments.out / "kept.csv", index=False)
    table = summarise(rows).round(3)
    table.to_csv(arguments.out / "table.csv", index=False)
    (arguments.out / "table.md").write_text(as_markdown(table), encoding="utf-8")
    sys.stdout.write(table.to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
