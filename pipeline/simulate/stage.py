"""Stage ``simulate``: a company whose true probabilities are known.

A maker of quality software for factories in Germany, Austria and Switzerland, watched for two years. Writes
``export/`` (what the company would export: leads, changes, events, stages) and ``truth/`` (what nobody can know; the
pipeline never reads it).
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import InputError
from features.source_spec import SourceSpec
from features.time_units import DAY_US, format_duration
from pipeline.outputs.simulated_export import EXPORT
from pipeline.runner.progress import progress
from pipeline.runner.stages import StageContext
from pipeline.settings.simulate_options import OF_A_CAMPAIGN, SimulateOptions
from pipeline.simulate.accounts import Accounts
from pipeline.simulate.activity import draw_activity, visit_rates
from pipeline.simulate.campaigns import CAMPAIGNS
from pipeline.simulate.company import Company, company_leads, make_company, write_shift
from pipeline.simulate.events import Events, together
from pipeline.simulate.intent import intent_paths
from pipeline.simulate.lane import SCHEMA as HANDOVERS_SCHEMA
from pipeline.simulate.lane import Lane, handovers_table
from pipeline.simulate.machines import BURSTS_SCHEMA, Doubles, bursts_table, with_machines
from pipeline.simulate.mailings import draw_mailings
from pipeline.simulate.marketing_points import attribute_points, points_paths, unsubscribe_days
from pipeline.simulate.people import People, draw_people
from pipeline.simulate.sales import Changes, StageEntries, bant_changes, quiet_after_close, sales_events, stage_entries
from pipeline.simulate.sales_stages import CLOSED, ChainInputs, chain_inputs, run_chain
from pipeline.simulate.shift import UNMOVED, Moved, Shift
from pipeline.simulate.tables import (
    EXPORT_SCHEMAS,
    TRUTH_SCHEMA,
    changes_table,
    events_table,
    latents_table,
    lead_ids,
    stages_table,
    truth_table,
)
from pipeline.simulate.true_probabilities import true_probabilities
from pipeline.source.folder import read_source

LIFE_DAYS = 400
"""How long a lead is followed: after that it neither visits nor moves."""
_PILOT_LEADS = 1_500
_PILOT_VOLUMES = (0.5, 2.0)
_LEAST_VOLUME = 0.02
_TARGET_STAGES = {"sql": "SQL", "close": "WON"}


@dataclass(frozen=True)
class Grid:
    """The snapshots and horizons of the source, in whole days since creation."""

    snapshot_days: tuple[int, ...]
    horizon_days: dict[str, int]

    @property
    def days(self) -> int:
        """Days of each lead's life that must be simulated."""
        return max(LIFE_DAYS, max(self.snapshot_days) + max(self.horizon_days.values()))


def run(context: StageContext, out: Path) -> None:
    """Run the stage for the source and the settings of a run."""
    if context.source_dir is None:
        raise InputError(expected="a source folder", found="none", hint="Give --source sources/demo")
    spec = read_source(context.source_dir, context.overrides).spec
    simulate(context.settings.simulate, spec, context.settings.seed, out)


def simulate(options: SimulateOptions, spec: SourceSpec, seed: int, out: Path) -> None:
    """Write the simulated company's export and the truth behind it.

    Parameters
    ----------
    options : SimulateOptions
        Size and period. ``events_per_lead`` is reached on average by scaling page views and newsletters; downloads,
        requests and all else that moves leads keeps its amount.
    spec : SourceSpec
        Snapshots and horizons for which the truth is computed; whole days after creation.
    seed : int
        The same seed gives the same files, bit for bit.
    out : Path
        An existing folder; ``export/`` and ``truth/`` are made in it.

    Raises
    ------
    InputError
        If the period is empty, or the truth cannot be computed for the snapshots or targets asked for.
    """
    if options.last_day - options.first_day < DAY_US:
        raise InputError(expected="simulate.last_day at least a day after simulate.first_day", found="a shorter period")
    running = [campaign.name for campaign in CAMPAIGNS]
    if options.shift.kind in OF_A_CAMPAIGN and options.shift.campaign not in running:
        expected = f"simulate.shift.campaign to be one of {', '.join(running)}"
        raise InputError(expected=expected, found=repr(options.shift.campaign))
    grid = truth_grid(spec)
    people, accounts = draw_people(
        np.random.default_rng([seed, 0]), leads=options.leads, first_us=options.first_day, last_us=options.last_day
    )
    volume = _volume(options, people, accounts, grid, seed)
    lane = None
    if options.follow_up == "promoted_only":
        lane = Lane(options.explore_share, grid.snapshot_days, seed)
    shift = Shift(options.shift, seed, options.last_day)
    company = make_company(people, accounts, shift, leads=options.leads, first_us=options.first_day)
    _write(out, company, grid, options, seed=seed, volume=volume, lane=lane)


def _write(
    out: Path,
    company: Company,
    grid: Grid,
    options: SimulateOptions,
    *,
    seed: int,
    volume: float,
    lane: Lane | None,
) -> None:
    """Write people at once and their lives chunk by chunk, so that memory does not grow with the number of events."""
    people, accounts, last_us = company.people, company.accounts, options.last_day
    doubles = Doubles(len(people), people.created_us, options.doubles, seed, last_us)
    ids, export, truth = lead_ids(len(people)), out / EXPORT, out / "truth"
    export.mkdir()
    truth.mkdir()
    pq.write_table(doubles.add_leads(company_leads(company, ids, seed)), export / "leads.parquet")
    pq.write_table(latents_table(people, ids), truth / "latents.parquet")
    write_shift(company, ids, truth)
    schemas = {export / f"{name}.parquet": EXPORT_SCHEMAS[name] for name in ("events", "stages", "changes")}
    schemas[truth / "truth.parquet"] = TRUTH_SCHEMA
    if options.machines:
        schemas[truth / "bursts.parquet"] = BURSTS_SCHEMA
    if lane is not None:
        schemas |= {export / "handovers.parquet": HANDOVERS_SCHEMA, truth / "if_worked.parquet": TRUTH_SCHEMA}
    with ExitStack() as files, progress("simulate", total=len(people)) as steps:
        writers = {file.stem: files.enter_context(pq.ParquetWriter(file, schema)) for file, schema in schemas.items()}
        for part in company.parts():
            some = people.rows(part)
            rng = np.random.default_rng([seed, 2, part.start])
            drawn = None if lane is None else lane.draws(ids[part], days=grid.days)
            moved = company.shift.over(some, days=grid.days, extra=part.start >= company.usual, part=part.start)
            lives = live(rng, some, accounts, days=grid.days, volume=volume, drawn=drawn, moved=moved)
            if options.machines:
                lives, machines, reading = _with_machines(lives, options, seed, part)
            tables = _tables(lives, some, ids[part], grid, last_us=last_us)
            if options.machines:
                new = [events.where(events.time_us <= last_us) for events in (machines, reading)]
                tables["bursts"] = bursts_table(*(events_table(events, ids[part]) for events in new))
            if options.doubles:
                shown = lives.events.where(lives.events.time_us <= last_us)
                tables["events"] = doubles.moved(tables["events"], part.start + shown.lead)
            if lane is not None:
                tables["handovers"] = handovers_table(lives.stages.until(last_us), lives.inputs, lane, ids[part])
                tables["if_worked"] = _truth(lives, some, ids[part], grid, last_us=last_us, worked=True)
            for name, table in tables.items():
                writers[name].write_table(table)
            steps.advance(part.stop - part.start)


def _with_machines(lives: Lives, options: SimulateOptions, seed: int, part: slice) -> tuple[Lives, Events, Events]:
    """Lay what scanners do over some lives; return also what is new of machines, and of people who read on."""
    rng = np.random.default_rng([seed, 8, part.start])
    leads = part.stop - part.start
    events, machines, reading = with_machines(rng, lives.events, share=options.machines, leads=leads)
    return replace(lives, events=events), machines, reading


def truth_grid(spec: SourceSpec) -> Grid:
    """Return the source's snapshots and horizons in whole days.

    Raises
    ------
    InputError
        If snapshots are not whole days after creation, or a target is not SQL or WON.
    """
    looks = spec.snapshots
    if looks.anchor != "created":
        raise InputError(expected="snapshots.anchor: created", found=looks.anchor, hint="The simulated truth needs it.")
    for name, target in spec.targets.items():
        if target.stage != _TARGET_STAGES[name]:
            raise InputError(expected=f"targets.{name}.stage: {_TARGET_STAGES[name]}", found=target.stage)
    spans = [looks.after, looks.every or 0, *(t.horizon for t in spec.targets.values())]
    for span in spans:
        if span % DAY_US:
            raise InputError(expected="snapshots and horizons of whole days", found=format_duration(span))
    every, until = looks.every or DAY_US, looks.until if looks.every else looks.after
    days = range(looks.after // DAY_US, (until or looks.after) // DAY_US + 1, every // DAY_US)
    return Grid(tuple(days), {name: target.horizon // DAY_US for name, target in spec.targets.items()})


@dataclass(frozen=True)
class Lives:
    """What some leads go through."""

    inputs: ChainInputs
    states: np.ndarray
    """Shape (days + 1, leads)."""
    stages: StageEntries
    changes: Changes
    events: Events


def live(
    rng: np.random.Generator,
    people: People,
    accounts: Accounts,
    *,
    days: int,
    volume: float,
    drawn: np.ndarray | None = None,
    moved: Moved = UNMOVED,
) -> Lives:
    """Draw the lives of some leads: what they click, then what sales makes of them (``drawn``: see `ChainInputs`)."""
    intent = intent_paths(people.shape, days=days)
    visits = visit_rates(people, intent)
    activity = draw_activity(rng, people, intent, visits=visits, volume=volume)
    behaviour = together(activity, draw_mailings(rng, people, intent, volume=volume), *moved.acts).in_order()
    inputs = chain_inputs(
        people,
        attributes=attribute_points(people, accounts),
        unsubscribe_day=unsubscribe_days(people, behaviour),
        intent=intent,
        visits=visits,
        points=points_paths(people, accounts, behaviour, days=days),
        drawn=drawn,
        welcome=moved.welcome,
    )
    states = run_chain(rng, inputs)
    stages = stage_entries(rng, people, states, behaviour)
    changes = bant_changes(rng, people, intent, stages)
    behaviour = quiet_after_close(rng, behaviour, stages, leads=len(people))
    events = together(behaviour, sales_events(rng, people, stages)).in_order()
    return Lives(inputs, states, stages, changes, events)


def _tables(lives: Lives, people: People, ids: np.ndarray, grid: Grid, *, last_us: int) -> dict[str, pa.Table]:
    """Return what is known of some lives up to ``last_us``, with the truth."""
    return {
        "events": events_table(lives.events.where(lives.events.time_us <= last_us), ids),
        "stages": stages_table(lives.stages.until(last_us), ids),
        "changes": changes_table(lives.changes.until(last_us), ids),
        "truth": _truth(lives, people, ids, grid, last_us=last_us),
    }


def _truth(
    lives: Lives, people: People, ids: np.ndarray, grid: Grid, *, last_us: int, worked: bool = False
) -> pa.Table:
    """Return the true probabilities at every snapshot, as things go or if the lead is handed over there."""
    days = list(grid.snapshot_days)
    probabilities = true_probabilities(
        lives.inputs,
        lives.states,
        snapshot_days=grid.snapshot_days,
        horizon_days=grid.horizon_days,
        if_worked=worked,
    )
    as_of = people.created_us + np.array(days, dtype=np.int64)[:, None] * DAY_US
    looked_at = (as_of <= last_us) & ~np.isin(lives.states[days], CLOSED)
    p_at_looks = {target: p[looked_at] for target, p in probabilities.items()}
    return truth_table(np.nonzero(looked_at)[1], as_of[looked_at], p_at_looks, ids)


def _volume(options: SimulateOptions, people: People, accounts: Accounts, grid: Grid, seed: int) -> float:
    """Return the scale of page views and newsletters that makes the average lead have the events asked for."""
    pilot = people.rows(slice(0, len(people), max(1, len(people) // _PILOT_LEADS)))
    means = []
    for volume in _PILOT_VOLUMES:
        lives = live(np.random.default_rng([seed, 3]), pilot, accounts, days=grid.days, volume=volume)
        means.append(float((lives.events.time_us <= options.last_day).sum()) / len(pilot))
    slope = (means[1] - means[0]) / (_PILOT_VOLUMES[1] - _PILOT_VOLUMES[0])
    return max(_LEAST_VOLUME, _PILOT_VOLUMES[0] + (options.events_per_lead - means[0]) / slope)
