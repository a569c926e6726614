"""Planted gaming and harmless changes in simulated companies, each watched by a year of weekly monitor runs.

Every draw is a company of its own (two years; the second is watched). A gamed one has one campaign whose points are
gamed from some week on: its extra MQLs are a tenth, a fifth or three tenths of the company's usual weekly MQLs. Planted
gaming, as the table counts it, is a fifth or more. Clean ones go on as usual, or one campaign brings more leads that
are as good, or all grow, or come in seasons, or sales takes fewer of all.

    python benchmarks/gaming_alarms.py --out OUT             # fills OUT/draws.jsonl; run again, it goes on
    python benchmarks/gaming_alarms.py --out OUT --show      # prints the tables
    python benchmarks/gaming_alarms.py --out OUT --first-seed 1000   # other draws, to choose thresholds on
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.answers import Answer
from features.time_units import DAY_US, parse_time
from models.measures.wilson import wilson
from models.monitoring.followed_leads import followed_mqls, last_act, monitored_path
from models.monitoring.gaming import WEEK_DAYS, weekly_runs
from models.monitoring.gaming_options import GamingOptions
from models.monitoring.responsible_groups import responsible
from models.monitoring.step_counts import count_entries
from pipeline.settings.simulate_options import ShiftOptions
from pipeline.simulate.campaigns import CAMPAIGN_NAMES, CAMPAIGNS, CHANNELS, channel_of_campaign
from pipeline.simulate.company import make_company
from pipeline.simulate.events import EVENT_TYPES
from pipeline.simulate.marketing_points import ACTION_POINTS
from pipeline.simulate.people import draw_people
from pipeline.simulate.sales_stages import STAGE_OF_STATE
from pipeline.simulate.shift import Shift
from pipeline.simulate.stage import LIFE_DAYS, live
from pipeline.source.folder import read_source

LEADS, WEEKS = 20_000, 52
FIRST, LAST = parse_time("2024-07-01"), parse_time("2026-07-01")
DAYS = (LAST - FIRST) // DAY_US
WEEK_US = WEEK_DAYS * DAY_US
BY = ("campaign", "channel", "last_act")
ACTS = tuple(name for name, points in ACTION_POINTS.items() if points > 0)
SHARES = (0.1, 0.2, 0.2, 0.3)
"""Extra MQLs of the gamed campaign, as a share of the company's."""
PLANTED = 0.2
MOST_BY_STAFF = 2.6
"""Staff can lift no more leads than there are."""
CLEAN = ("none", "more_of_the_same", "growth", "season", "harder_sales")
LARGE = ("website", "search_generic")
"""Campaigns with so many cold leads that staff can lift a fifth of the company's MQLs out of them."""
VOLUME = 0.02
"""Of page views and newsletters, which earn no points and are not looked at here."""
PATH = monitored_path(read_source(Path(__file__).resolve().parent.parent / "sources" / "demo", {}).spec)
RUNNING = tuple(campaign.name for campaign in CAMPAIGNS if campaign.end == 1.0)


def mqls(seed: int, options: ShiftOptions) -> pd.DataFrame:
    """Return the MQLs of one simulated company, as the monitor follows them; one row a lead."""
    assert PATH is not None
    people, accounts = draw_people(np.random.default_rng([seed, 0]), leads=LEADS, first_us=FIRST, last_us=LAST)
    company = make_company(people, accounts, Shift(options, seed, LAST), leads=LEADS, first_us=FIRST)
    people, accounts = company.people, company.accounts
    stages, acts = [], []
    for part in company.parts():
        some = people.rows(part)
        moved = company.shift.over(some, days=LIFE_DAYS, extra=part.start >= company.usual, part=part.start)
        rng = np.random.default_rng([seed, 2, part.start])
        lives = live(rng, some, accounts, days=LIFE_DAYS, volume=VOLUME, moved=moved)
        stages.append(
            pd.DataFrame(
                {
                    "lead_id": lives.stages.lead + part.start,
                    "stage": np.array([name or "" for name in STAGE_OF_STATE], dtype=object)[lives.stages.state],
                    "entered_us": lives.stages.time_us,
                }
            )
        )
        told = np.isin(lives.events.kind, [EVENT_TYPES.index(name) for name in ACTS])
        acts.append(
            pd.DataFrame(
                {
                    "lead_id": lives.events.lead[told] + part.start,
                    "event_type": np.array(EVENT_TYPES, dtype=object)[lives.events.kind[told]],
                    "occurred_us": lives.events.time_us[told],
                }
            )
        )
    leads = pd.DataFrame(
        {
            "lead_id": np.arange(len(people)).astype(str),
            "campaign": np.array(CAMPAIGN_NAMES, dtype=object)[people.campaign],
            "channel": np.array(CHANNELS, dtype=object)[channel_of_campaign(people.campaign)],
        }
    )
    entered, acted = (pd.concat(parts, ignore_index=True).astype({"lead_id": str}) for parts in (stages, acts))
    rows = followed_mqls(leads, entered[entered["stage"] != ""], PATH, by=BY[:2], as_of_us=LAST)
    return rows.assign(last_act=last_act(rows, acted, {name: name for name in ACTS}))


def year_of_runs(rows: pd.DataFrame, options: GamingOptions) -> list[dict[str, Any]]:
    """Return the groups that each weekly run with an alarm named."""
    assert PATH is not None
    counts = count_entries(rows, PATH, by=BY, as_of_us=LAST, days=DAYS)
    runs = weekly_runs(counts, options, runs=WEEKS)
    told = []
    for ago in sorted(runs["weeks_ago"].unique().tolist()):
        looked = runs[runs["weeks_ago"] == ago]
        if (looked["answer"] == Answer.FAILED).any():
            named = responsible(
                looked, rows, by=BY, now_us=LAST - int(ago) * WEEK_US, reference_weeks=options.reference_weeks
            )
            told.append({"ago": int(ago), "named": named[["dimension", "value"]].to_numpy().tolist()})
    return told


def gamed(
    seed: int, number: int, rng: np.random.Generator, options: GamingOptions, *, staff: bool = False
) -> dict[str, Any]:
    """Game one campaign of a company, so that its extra MQLs are a share of the company's; ``staff``: by its people."""
    campaign, share = RUNNING[number % len(RUNNING)], SHARES[number % len(SHARES)]
    if staff:
        campaign, share = LARGE[number % len(LARGE)], PLANTED
    weeks = int(rng.integers(26, 49))
    start = LAST - weeks * WEEK_US
    usual = mqls(seed, ShiftOptions())
    year = usual[(usual["entered_us"] >= start - 26 * WEEK_US) & (usual["entered_us"] < start)]
    factor = 1 + share * len(year) / max(int((year["campaign"] == campaign).sum()), 1)
    kind = "price_lists" if staff or (factor <= MOST_BY_STAFF and number % 3 == 0) else "sweepstake"
    shift = ShiftOptions(kind=kind, campaign=campaign, from_day=start, factor=min(factor, 10.0))
    rows = mqls(seed, shift)
    since, before = (frame[(frame["campaign"] == campaign) & (frame["entered_us"] >= start)] for frame in (rows, usual))
    told = year_of_runs(rows, options)
    return {
        "kind": kind,
        "campaign": campaign,
        "share": share,
        "weeks": weeks,
        "extra_a_week": (len(since) - len(before)) / weeks,
        "company_a_week": len(year) / 26,
        "told": told,
    }


def clean(seed: int, number: int, rng: np.random.Generator, options: GamingOptions) -> dict[str, Any]:
    """Let nothing, or something harmless, come over a company."""
    kind = CLEAN[number % len(CLEAN)]
    campaign = RUNNING[number // len(CLEAN) % len(RUNNING)] if kind == "more_of_the_same" else None
    start = LAST - int(rng.integers(20, 49)) * WEEK_US
    factor = 0.7 if kind == "harder_sales" else 2.0
    said = {"kind": kind, "campaign": campaign, "from_day": start, "factor": factor}
    rows = mqls(seed, ShiftOptions.model_validate(said))
    return {"kind": kind, "campaign": campaign, "told": year_of_runs(rows, options)}


def run(out: Path, *, first_seed: int, planted: int, harmless: int, staff: int) -> None:
    """Draw what is not drawn yet."""
    options, file = GamingOptions(), out / "draws.jsonl"
    out.mkdir(parents=True, exist_ok=True)
    done = {json.loads(line)["seed"] for line in file.read_text().splitlines()} if file.is_file() else set()
    with file.open("a") as stream:
        for number in range(planted + harmless + staff):
            seed = first_seed + number
            if seed in done:
                continue
            rng = np.random.default_rng([seed, 9])
            is_gamed = not planted <= number < planted + harmless
            if is_gamed:
                drawn = gamed(seed, number, rng, options, staff=number >= planted)
            else:
                drawn = clean(seed, number - planted, rng, options)
            stream.write(json.dumps({"seed": seed, "gamed": is_gamed, **drawn}) + "\n")
            stream.flush()


def named_campaigns(draw: dict[str, Any], *, until: int) -> dict[str, int]:
    """Return each campaign that was named in the last ``until`` weeks, with the weeks ago of the first time."""
    first: dict[str, int] = {}
    for told in draw["told"]:
        for dimension, value in told["named"]:
            if dimension == "campaign" and told["ago"] <= until:
                first[value] = max(first.get(value, 0), told["ago"])
    return first


def episodes(draw: dict[str, Any]) -> int:
    """Return how many groups were named in a clean year, again if more than a month lies between."""
    weeks: dict[tuple[str, str], list[int]] = {}
    for told in draw["told"]:
        for dimension, value in told["named"]:
            weeks.setdefault((dimension, value), []).append(told["ago"])
    return sum(_runs(ago) for ago in weeks.values())


def calls(draw: dict[str, Any]) -> int:
    """Return how often the monitor raised an alarm in a clean year, whatever it named; a month of quiet ends one."""
    return _runs([told["ago"] for told in draw["told"]])


def _runs(weeks: list[int]) -> int:
    return 1 + int((np.diff(sorted(weeks)) > 4).sum()) if weeks else 0


def show(out: Path) -> None:
    """Print the tables."""
    draws = [json.loads(line) for line in (out / "draws.jsonl").read_text().splitlines()]
    planted = [draw for draw in draws if draw["gamed"]]
    print("| planted | draws | named in the right campaign | weeks to it, median (90 %) | another campaign named too |")
    print("|---|---|---|---|---|")
    groups = [("a fifth or more of the company's MQLs", [d for d in planted if d["share"] >= PLANTED])]
    groups += [(f"{share:.0%}", [d for d in planted if d["share"] == share]) for share in sorted(set(SHARES))]
    groups += [
        (f"{kind}, a fifth or more", [d for d in planted if d["kind"] == kind and d["share"] >= PLANTED])
        for kind in ("sweepstake", "price_lists")
    ]
    for title, some in groups:
        if some:
            _show_planted(title, some)
    quiet = [draw for draw in draws if not draw["gamed"]]
    print("\n| clean | company-years | alarms a year | groups named a year | weeks with an alarm | years with any |")
    print("|---|---|---|---|---|---|")
    for title, some in [("all", quiet), *((kind, [d for d in quiet if d["kind"] == kind]) for kind in CLEAN)]:
        if some:
            _show_clean(title, some)


def _show_planted(title: str, draws: list[dict[str, Any]]) -> None:
    named = [named_campaigns(draw, until=draw["weeks"]) for draw in draws]
    right = [draw["campaign"] in found for draw, found in zip(draws, named, strict=True)]
    waited = [
        draw["weeks"] - found[draw["campaign"]]
        for draw, found in zip(draws, named, strict=True)
        if draw["campaign"] in found
    ]
    others = sum(bool(set(found) - {draw["campaign"]}) for draw, found in zip(draws, named, strict=True))
    low, high = (float(bound) for bound in wilson(sum(right), len(right)))
    wait = f"{np.median(waited):.0f} ({np.quantile(waited, 0.9):.0f})" if waited else "–"
    print(f"| {title} | {len(draws)} | {np.mean(right):.0%} ({low:.0%} to {high:.0%}) | {wait} | {others} |")


def _show_clean(title: str, draws: list[dict[str, Any]]) -> None:
    counted = [[count(draw) for draw in draws] for count in (calls, episodes, lambda draw: len(draw["told"]))]
    some = sum(bool(draw["told"]) for draw in draws)
    print(f"| {title} | {len(draws)} | {' | '.join(_mean(count) for count in counted)} | {some} |")


def _mean(counts: list[int]) -> str:
    """Return a mean with the bootstrap's 95 % interval, by company-year."""
    values, rng = np.array(counts, dtype=np.float64), np.random.default_rng(1)
    drawn = values[rng.integers(len(values), size=(4000, len(values)))].mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{values.mean():.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first-seed", type=int, default=50_000)
    parser.add_argument("--planted", type=int, default=88)
    parser.add_argument("--clean", type=int, default=130)
    parser.add_argument("--staff", type=int, default=20)
    parser.add_argument("--show", action="store_true")
    told = parser.parse_args()
    if told.show:
        show(told.out)
    else:
        run(told.out, first_seed=told.first_seed, planted=told.planted, harmless=told.clean, staff=told.staff)
