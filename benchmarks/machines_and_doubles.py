"""What machines and double entries cost: a demo with scanners' clicks and doubled people, unmarked and marked.

    python benchmarks/machines_and_doubles.py [--leads 6000] [--machines 0.3] [--doubles 0.1] [--work DIR]

Prints the average precision of SQL on the test period for each variant, and how many bursts of scanners and of people
were named as machines. Rows of second entries are left out of the average precision, so that all variants are judged
on the same people. Variants that end with "joined" need ``dedupe:`` in ``source.yaml``; where the source does not know
it, the table says so.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from features.source_spec import SourceSpec
from models.measures.lead_weights import even_weights
from pipeline.ingest.machines import MACHINES_FILE
from pipeline.outputs.training_files import PREDICTIONS_FILE
from pipeline.runner.stages import make_context, run_all
from pipeline.settings.settings import parse_overrides

STAGES = ("simulate", "ingest", "features", "labels", "train")
DEMO = Path("sources/demo/source.yaml")
RULES = """
machines: {clicks: [newsletter_click], opens: [newsletter_open], sent: [newsletter_sent]}
"""
JOINED = """
dedupe: {by: [email]}
"""
BURST_GAP = pd.Timedelta("60s")


@dataclass(frozen=True)
class Variant:
    """One export and one source."""

    name: str
    machines: bool = False
    doubles: bool = False
    marked: bool = False
    joined: bool = False


VARIANTS = (
    Variant("neither"),
    Variant("machines, unmarked", machines=True),
    Variant("machines, marked", machines=True, marked=True),
    Variant("machines and doubles, unmarked", machines=True, doubles=True),
    Variant("machines and doubles, marked", machines=True, doubles=True, marked=True),
    Variant("machines and doubles, marked and joined", machines=True, doubles=True, marked=True, joined=True),
)


def run_variant(variant: Variant, work: Path, options: argparse.Namespace) -> Path:
    """Run the chain for one variant and return its folder."""
    out = work / variant.name.replace(" ", "_").replace(",", "")
    source = out / "source"
    source.mkdir(parents=True)
    text = DEMO.read_text(encoding="utf-8") + RULES * variant.marked + JOINED * variant.joined
    (source / "source.yaml").write_text(text, encoding="utf-8")
    (source / "rules.yaml").write_text((DEMO.parent / "rules.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    settings = [
        f"simulate.leads={options.leads}", f"seed={options.seed}",
        f"simulate.machines={options.machines * variant.machines}",
        f"simulate.doubles={options.doubles * variant.doubles}",
    ]  # fmt: skip
    context = make_context(
        source_dir=source,
        data_dir=out / "simulate" / "export",
        out=out,
        params_file=None,
        overrides=parse_overrides(settings),
    )
    run_all(context, STAGES)
    return out


def average_precision(out: Path) -> float:
    """Return that of SQL on the test rows of first entries; rows weigh so that leads count alike."""
    rows = pd.read_parquet(out / "train" / PREDICTIONS_FILE)
    is_first = ~rows["lead_id"].str.startswith("D")
    rows = rows[(rows["target"] == "sql") & (rows["part"] == "test") & is_first & rows["y"].notna()]
    weights = even_weights(rows["lead_id"])
    return float(average_precision_score(rows["y"].astype(int), rows["p"], sample_weight=weights))


def bursts_named(out: Path) -> pd.DataFrame:
    """Return one row a burst of clicks: ``is_machine``, and whether all, and any, of its clicks were marked."""
    truth = pd.read_parquet(out / "simulate" / "truth" / "bursts.parquet")
    truth = truth[truth["event_type"] == "newsletter_click"].sort_values(["lead_id", "occurred_at"])
    marked = pd.read_csv(out / "ingest" / MACHINES_FILE, usecols=["lead_id", "occurred_at", "event_type"])
    marked["occurred_at"] = pd.to_datetime(marked["occurred_at"], utc=True, format="ISO8601")
    marked["lead_id"] = marked["lead_id"].str.removeprefix("D")
    keys = ["lead_id", "occurred_at", "event_type"]
    there = pd.MultiIndex.from_frame(truth[keys].astype({"occurred_at": "datetime64[us, UTC]"})).isin(
        pd.MultiIndex.from_frame(marked[keys].astype({"occurred_at": "datetime64[us, UTC]"}))
    )
    truth = truth.assign(marked=there)
    new = (truth["lead_id"] != truth["lead_id"].shift()) | (truth["occurred_at"].diff() > BURST_GAP)
    new |= truth["is_machine"] != truth["is_machine"].shift()
    grouped = truth.groupby(np.cumsum(new))
    return grouped.agg(is_machine=("is_machine", "first"), all=("marked", "all"), any=("marked", "any"))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=6_000)
    parser.add_argument("--machines", type=float, default=0.3)
    parser.add_argument("--doubles", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or Path(scratch)
        print("| variant | average precision | loss | bursts of scanners named | bursts of people named |")
        print("|---|---|---|---|---|", flush=True)
        base = None
        for variant in VARIANTS:
            if variant.joined and "dedupe" not in SourceSpec.model_fields:
                print(f"| {variant.name} | this version joins no doubles | | | |")
                continue
            out = run_variant(variant, work, options)
            precision = average_precision(out)
            base = precision if base is None else base
            named = ["", ""]
            if variant.marked:
                bursts = bursts_named(out)
                scanners, people = bursts[bursts["is_machine"]], bursts[~bursts["is_machine"]]
                named = [
                    f"{scanners['all'].mean():.1%} of {len(scanners):,}",
                    f"{people['any'].mean():.1%} of {len(people):,}",
                ]
            print(
                f"| {variant.name} | {precision:.3f} | {1 - precision / base:.1%} | {' | '.join(named)} |", flush=True
            )


if __name__ == "__main__":
    main()
