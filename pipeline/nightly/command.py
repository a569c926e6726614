"""``leadscore nightly``: ingest, features, score with the decision in force; brakes before anything is written."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pandas as pd

from features.errors import InputError
from models.brakes.night import ExportProfile, Night, ResultProfile
from models.brakes.odd_export import OddThing, odd_export
from models.brakes.odd_result import odd_result
from pipeline.champion.change import fetch
from pipeline.champion.folder import ChampionFolder
from pipeline.champion.publish import now
from pipeline.nightly.changes import changes_between, counts_of, result_profile, to_json, to_text
from pipeline.nightly.history import Accepted, Nights
from pipeline.nightly.profile import export_profile, tables_of
from pipeline.nightly.trial import TrialWorkspace
from pipeline.outputs.ingested_tables import read_observed_until, table_files
from pipeline.registry.model_registry import open_registry
from pipeline.runner.job_log import say
from pipeline.runner.stages import StageContext, interruptible, run_stage, stage_inputs, stage_named
from pipeline.runner.workspace import SaidAfterwardsError
from pipeline.score.scores_file import read_batches
from pipeline.score.sinks.current_scores import COLUMNS, read_current_scores
from pipeline.score.sinks.news.news import News
from pipeline.score.sinks.sink import ScoreRun
from pipeline.score.stage import FILE, compute, is_stored, store
from pipeline.telling.command import stop_news
from pipeline.telling.tell import Telling

BRAKED = 3
"""Exit code: a brake stopped the run, and nothing was written."""
UNSENT = 2
"""Exit code: the scores are in force, and a tool did not get all of them; the next night sends the rest."""
MOST_SAID = 12
"""Lines of odd things."""


@dataclass(frozen=True)
class Letting:
    """Who lets odd things pass, and why."""

    name: str
    why: str


def nightly(context: StageContext, *, dry_run: bool, letting: Letting | None, as_json: bool) -> tuple[int, str]:
    """Run a night.

    Parameters
    ----------
    context : StageContext
        With the source folder and the company's export.
    dry_run : bool
        Say who would change, and write nothing.
    letting : Letting, optional
        Lets pass what is odd tonight; it is kept.
    as_json : bool
        Print the changes as JSON.

    Returns
    -------
    (int, str)
        Exit code and what to print: 0, `BRAKED`, `UNSENT`, or that of a channel which did not take what it was told.
    """
    telling = Telling(context.settings, context.workspace.root)  # settings that cannot be used are said at once
    trial = TrialWorkspace(context.workspace.root / (".nightly_dry" if dry_run else ".nightly"), context.workspace)
    night = _Night(context, trial, letting=letting)
    if dry_run:
        return _run_on_trial(night, dry_run=True, as_json=as_json)
    try:
        code, text = _run_on_trial(night, dry_run=False, as_json=as_json)
    except InputError:
        telling.tell()  # a night that did not come keeps nobody from the news of the one before
        raise
    told = telling.tell(lambda outbox: outbox.record(night.stops))
    return code or told.exit_code, text


def _run_on_trial(night: _Night, *, dry_run: bool, as_json: bool) -> tuple[int, str]:
    with night.workspace.locked():
        if not dry_run:
            _have_champion(night.context)
        if dry_run:
            night.trial.discard()  # of one that was killed
        try:
            return night.run(dry_run=dry_run, as_json=as_json)
        except KeyboardInterrupt:
            if dry_run:
                night.trial.discard()
            raise
        except BaseException:
            night.trial.discard()
            raise


class _Night:
    """One night, from the export on trial to the scores in force."""

    def __init__(self, context: StageContext, trial: TrialWorkspace, *, letting: Letting | None) -> None:
        self.context, self.workspace, self.trial, self.letting = context, context.workspace, trial, letting
        self.on_trial = replace(context, workspace=trial)
        self.nights = Nights(context.workspace.root)
        self.stops: list[News] = []

    def run(self, *, dry_run: bool, as_json: bool) -> tuple[int, str]:
        run_stage("ingest", self.on_trial)
        export, past = self.on_trial.stamp("ingest").outputs, self._past()
        profile = self._profile(past, export)
        before = [night for night in past if night.export != export]
        odd = odd_export(profile, [night.profile for night in before], self.context.settings.brakes)
        if not dry_run and self._stops(export, odd):
            return self._stopped(export, odd)
        run_stage("features", self.on_trial)
        if not dry_run and self._is_done(export, past):
            self.trial.discard()
            return 0, "nightly: nothing changed"
        with self._scored() as (scored, file):
            current = read_current_scores(self.context.settings.score, self.workspace.root)
            tonight = _frame(file)
            changes, decision = changes_between(current, tonight), _decision_of(scored)
            result = result_profile(current, tonight, decision)
            last = _last_result(current, before)
            odd += odd_result(result, last, [night.result for night in before], self.context.settings.brakes)
            if dry_run:
                return self._shown(changes, odd, scored, as_json=as_json)
            if self._stops(export, odd):
                return self._stopped(export, odd)
            if odd:
                self._accept(export, odd)
            left = self._put_in_force(scored, file)
        self.nights.keep(Night(export=export, profile=profile, result=result))
        self.trial.discard()
        text = to_json(changes, odd, decision) if as_json else _summary(scored, changes, current, odd)
        if left is not None:
            say(f"error: {left}")
        return 0 if left is None else UNSENT, text

    def _past(self) -> list[Night]:
        """Return the last nights; what lies in OUT from another command is the last of them."""
        past = self.nights.past()
        stamp = self.workspace.stamp("ingest")
        if stamp is None or (past and past[-1].export == stamp.outputs):
            return past
        profile = _profile_of(self.context, None)
        return [*past, Night(export=stamp.outputs, profile=profile)]

    def _profile(self, past: list[Night], export: str) -> ExportProfile:
        if past and past[-1].export == export:
            return past[-1].profile
        return _profile_of(self.on_trial, self.context if self.context.has("ingest") else None)

    def _is_done(self, export: str, past: list[Night]) -> bool:
        """Whether the scores of this very export are in force."""
        if self.trial.has_made("ingest") or self.trial.has_made("features") or not past or past[-1].export != export:
            return False
        inputs = stage_inputs(stage_named("score"), self.context)
        return self.workspace.is_current("score", inputs) and is_stored(self.context)

    @contextmanager
    def _scored(self) -> Iterator[tuple[ScoreRun, Path]]:
        """Compute the scores on trial, and give the run and its file."""
        folder = self.trial.root / "computed"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with interruptible("score"):
            yield compute(self.on_trial, folder), folder / FILE

    def _put_in_force(self, scored: ScoreRun, file: Path) -> SaidAfterwardsError | None:
        """Put the night in force; return what did not get its scores, if anything did not."""
        self.trial.adopt("ingest")
        self.trial.adopt("features")
        inputs = stage_inputs(stage_named("score"), self.context)
        try:
            with self.workspace.writing("score", inputs) as out:
                shutil.move(file, out / FILE)
                store(self.context, out, scored)
        except SaidAfterwardsError as error:
            return error
        return None

    def _stops(self, export: str, odd: list[OddThing]) -> bool:
        return bool(odd) and self.letting is None and not self.nights.is_accepted(export, odd)

    def _accept(self, export: str, odd: list[OddThing]) -> None:
        if self.letting is not None and not self.nights.is_accepted(export, odd):
            what = tuple(one.what for one in odd)
            entry = Accepted(export=export, odd=what, name=self.letting.name, why=self.letting.why, time=now())
            self.nights.accept(entry)

    def _stopped(self, export: str, odd: list[OddThing]) -> tuple[int, str]:
        self.trial.discard()
        self.stops = [stop_news(export, [one.found for one in odd])]
        lines = ["nightly stopped, and nothing was written. Odd tonight:", *_lines(odd)]
        lines.append(
            "If the export is broken, mend it and run again. If it is right: leadscore nightly … --accept NAME "
            '--why "…" lets it pass, and keeps who did and why; limits stand in params.yaml under brakes.'
        )
        return BRAKED, "\n".join(lines)

    def _shown(self, changes: pd.DataFrame, odd: list[OddThing], scored: ScoreRun, *, as_json: bool) -> tuple[int, str]:
        self.trial.discard()
        decision, code = _decision_of(scored), BRAKED if odd else 0
        if as_json:
            return code, to_json(changes, odd, decision)
        said = "" if scored.about.decision is None else f"{scored.about.decision.words().en}\n"
        text = f"{said}{to_text(changes)}"
        if odd:
            text += "\n".join(["A brake would stop this night. Odd:", *_lines(odd)]) + "\n"
        return code, f"{text}Dry run: nothing was written"


def _have_champion(context: StageContext) -> None:
    """Fetch the champion where this OUT has none and MLflow is elsewhere."""
    address = context.settings.mlflow.tracking_uri
    folder = ChampionFolder(context.workspace.root)
    if folder.current().version is None and address is not None and context.source_dir is not None:
        from pipeline.source.folder import read_source

        source = read_source(context.source_dir, context.overrides).spec.name
        fetch(context.workspace, open_registry(context.workspace.root, context.settings.mlflow, source))


def _profile_of(context: StageContext, last: StageContext | None) -> ExportProfile:
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        tonight = tables_of(table_files(context))
        before = None if last is None else tables_of(table_files(last))
        return export_profile(con, tonight, end_us=read_observed_until(context), last=before)


def _frame(file: Path) -> pd.DataFrame:
    """Return of the scores in a file what is compared, by lead."""
    parts = [batch.select([*COLUMNS]).to_pandas() for batch in read_batches(file, 100_000)]
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*COLUMNS])
    return whole.astype(object).drop_duplicates("lead_id", keep="last").set_index("lead_id")


def _decision_of(run: ScoreRun) -> str:
    about = run.about.decision
    champion = None if about is None else about.version
    return champion or f"{run.model_version}-{run.cutoff_version}"


def _last_result(current: pd.DataFrame | None, before: list[Night]) -> ResultProfile | None:
    """Return what is in force: as the store has it, made by the decision of the last night that is kept."""
    if current is None:
        return None
    kept = next((night.result for night in reversed(before) if night.result is not None), None)
    return result_profile(None, current, "" if kept is None else kept.decision)


def _lines(odd: list[OddThing]) -> list[str]:
    lines = [f"- {one.what} (brakes.{one.setting})" for one in odd[:MOST_SAID]]
    return lines + ([f"- and {len(odd) - MOST_SAID} more"] if len(odd) > MOST_SAID else [])


def _summary(run: ScoreRun, changes: pd.DataFrame, current: pd.DataFrame | None, odd: list[OddThing]) -> str:
    counts, about = counts_of(changes), run.about
    listed = about.bands["SAL"] + about.bands["MQL"]
    text = f"nightly: {about.leads:,} open leads scored, {listed:,} on the list"
    if current is not None:
        text += f"; {counts['join_the_list']:,} new there, {counts['leave_the_list']:,} left it"
    if about.decision is not None:
        text += f". {about.decision.words().en}"
    if odd:
        text += "\n" + "\n".join(["Let pass:", *_lines(odd)])
    return text


def letting_of(name: str | None, why: str | None) -> Letting | None:
    """Return who lets odd things pass; one of name and reason alone is an InputError."""
    if name is None and why is None:
        return None
    if not (name or "").strip() or not (why or "").strip():
        raise InputError(expected='--accept NAME with --why "…"', found="only one of them", hint="Both are kept")
    return Letting(str(name).strip(), str(why).strip())
