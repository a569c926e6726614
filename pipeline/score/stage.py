"""Stage ``score``: every open lead's probabilities, band, points and reasons, into the score store."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.source_spec import SourceSpec
from features.time_units import DAY_US, format_time, to_micros
from models.cutoffs.cutoffs import Cutoffs
from models.forecast.forecast import Forecast
from models.forecast.saved_form import from_files
from models.rules.points import PointsRules
from models.scoring.score_rows import model_version, score_rows
from pipeline.outputs.baseline import read_rules
from pipeline.outputs.ingested_tables import read_observed_until
from pipeline.outputs.model_files import read_texts
from pipeline.runner.progress import progress, say
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import file_digest
from pipeline.score.handed_over import describe_lane, with_handovers
from pipeline.score.sinks.score_store import ScoreRun, open_store
from pipeline.score.sinks.store_tables import JSON_COLUMNS
from pipeline.score.sinks.store_url import address

STORE_VARIABLE = "LEADSCORE_STORE"
"""Environment variable with the store's URL, where ``score.store`` is not set; the server reads the same."""

SCHEMA = pa.schema(
    [
        ("lead_id", pa.string()),
        ("as_of", pa.timestamp("us", tz="UTC")),
        ("run_id", pa.string()),
        ("p_sql", pa.float64()),
        ("p_close", pa.float64()),
        ("band", pa.string()),
        ("stage", pa.string()),
        ("reached", pa.bool_()),
        ("excluded", pa.bool_()),
        ("exclusions", pa.string()),
        ("gates_missing", pa.string()),
        ("points", pa.float64()),
        ("points_band", pa.string()),
        ("points_reasons", pa.string()),
        ("fit_grade", pa.string()),
        ("behaviour_grade", pa.string()),
        ("reasons", pa.string()),
        ("model_version", pa.string()),
        ("cutoff_version", pa.string()),
        ("handed_over_by", pa.string()),
        ("handover_probability", pa.float64()),
        ("curve", pa.string()),
        ("expected_days_sql", pa.float64()),
        ("expected_days_close", pa.float64()),
    ]
)
"""``scores.parquet``. JSON columns hold text. When a row was written stands in the store alone, as ``scored_at``:
the file says the same whenever it is made."""


def run(context: StageContext, out: Path) -> None:
    """Write ``scores.parquet`` and ``score.json``, and upsert the scores into the store."""
    files = read_texts(context.folder("train") / "model")
    forecast = from_files(files)
    cutoffs_file = context.folder("cutoffs") / "cutoffs.json"
    cutoffs = Cutoffs.model_validate_json(cutoffs_file.read_text(encoding="utf-8"))
    open_file = context.folder("features") / "open.parquet"
    rows = pd.read_parquet(open_file).sort_values(["lead_id", "as_of"], ignore_index=True)
    scores = _scored(rows, forecast, cutoffs, read_rules(context, forecast.features), context)
    scores = with_handovers(scores, context)
    evaluation = json.loads((context.folder("evaluate") / "evaluation.json").read_text(encoding="utf-8"))
    scoring_run = ScoreRun(
        run_id=_run_id(context, model=files, cutoffs=cutoffs, open_file=open_file),
        model_version=model_version(files),
        cutoff_version=cutoffs.version,
        about=describe(
            scores,
            forecast.spec,
            cutoffs,
            observed_until_us=read_observed_until(context),
            top_reasons=context.settings.score.reasons,
        )
        | {"verdict": verdict_of(evaluation), "lane": describe_lane(scores, context)},
    )
    written = _store(scores, scoring_run, context)
    pq.write_table(_table(scores, scoring_run), out / "scores.parquet")
    summary: dict[str, Any] = {"run_id": scoring_run.run_id, "model_version": scoring_run.model_version}
    summary |= {"cutoff_version": scoring_run.cutoff_version, **scoring_run.about}
    summary["store"] = address(store_url(context), context.workspace.root)
    (out / "score.json").write_text(json.dumps(summary, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    say(f"score: {len(scores)} open leads scored, {written} of them new or changed in the store")


def is_stored(context: StageContext) -> bool:
    """Whether the score store still holds the finished run of which ``score.json`` speaks, with all its scores."""
    url = store_url(context)
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).is_file():
        return False
    told = json.loads((context.folder("score") / "score.json").read_text(encoding="utf-8"))
    if told.get("store") != address(url, context.workspace.root):
        return False
    with open_store(url) as store:
        finished = {found["run_id"] for found in store.runs() if found["finished_at"] is not None}
        return told["run_id"] in finished and store.rows_of(told["run_id"]) == told["leads"]


def store_url(context: StageContext) -> str:
    """Return the score store's URL: as set, else from the environment, else a SQLite file beside the outputs."""
    given = context.settings.score.store or os.environ.get(STORE_VARIABLE)
    return given or f"sqlite:///{context.workspace.root / 'scores.sqlite'}"


def _scored(
    rows: pd.DataFrame, forecast: Forecast, cutoffs: Cutoffs, rules: PointsRules | None, context: StageContext
) -> pd.DataFrame:
    options = context.settings.score
    parts = []
    with progress("score", total=len(rows)) as steps:
        for start in range(0, max(len(rows), 1), options.chunk_rows):
            chunk = rows.iloc[start : start + options.chunk_rows]
            part = score_rows(
                chunk, chunk, forecast=forecast, cutoffs=cutoffs, rules=rules, top_reasons=options.reasons
            )
            parts.append(part)
            steps.advance(len(chunk))
    return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)


def _store(scores: pd.DataFrame, scoring_run: ScoreRun, context: StageContext) -> int:
    with progress("write scores", total=len(scores)) as steps, open_store(store_url(context)) as store:
        return store.write(
            scores,
            run=scoring_run,
            now=datetime.now(UTC),
            chunk_rows=context.settings.score.chunk_rows,
            on_chunk=steps.advance,
        )


def _run_id(context: StageContext, *, model: dict[str, str], cutoffs: Cutoffs, open_file: Path) -> str:
    """Return a name that equal inputs share."""
    rules = json.dumps(context.rules(), sort_keys=True)
    parts = [model_version(model), cutoffs.version, rules, file_digest(open_file), str(context.settings.score.reasons)]
    share = context.settings.score.explore_share
    if share > 0:
        parts.append(f"{share!r} {context.settings.seed}")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def describe(
    scores: pd.DataFrame, spec: SourceSpec, cutoffs: Cutoffs, *, observed_until_us: int, top_reasons: int
) -> dict[str, Any]:
    """Return what a page needs to word the scores of a run: source, targets, cut-offs, averages, numbers.

    Parameters
    ----------
    scores : DataFrame
        As `score_rows` gives them.
    spec : SourceSpec
    cutoffs : Cutoffs
    observed_until_us : int
        Until when there are data.
    top_reasons : int
        Reasons that each score has at most, beside the rest.
    """
    open_scores = scores[~scores["reached"]]
    groups = groups_of(scores, spec).value_counts()
    averages = {f"p_{name}": open_scores[f"p_{name}"].mean() for name in sorted(spec.targets)}
    points = cutoffs.baseline.model_dump() if cutoffs.baseline.kind == "points" else None
    return {
        "source": spec.name,
        "top_reasons": top_reasons,
        "title": spec.title.model_dump(),
        "observed_until": format_time(observed_until_us),
        "targets": _targets(spec),
        "cutoffs": {"target": cutoffs.target, "mql": cutoffs.mql, "sal": cutoffs.sal},
        "points_cutoffs": {"mql": points["mql"], "sal": points["sal"]} if points is not None else None,
        "averages": {name: None if pd.isna(mean) else float(mean) for name, mean in averages.items()},
        "sales_stages": list(spec.sales_stages),
        "leads": len(scores),
        "bands": {name: int(groups.get(name, 0)) for name in ("SAL", "MQL", "none")},
        **{name: int(groups.get(name, 0)) for name in ("excluded", "with_sales", "reached")},
    }


def _targets(spec: SourceSpec) -> dict[str, Any]:
    return {
        name: {
            "stage": target.stage,
            "horizon_days": target.horizon / DAY_US,
            "words": target.words.model_dump() if target.words is not None else None,
        }
        for name, target in sorted(spec.targets.items())
    }


def groups_of(scores: pd.DataFrame, spec: SourceSpec) -> pd.Series:
    """Return for each score the one group it is counted in, so that groups add up to the open leads.

    The first that applies: ``reached`` (the target of the cut-offs lies behind it), ``with_sales`` (stands at SAL or
    above), ``excluded`` (by rule), else its band. `serve.reading.score_store` counts the same way.
    """
    groups = scores["band"].astype(object).mask(scores["excluded"].astype(bool), "excluded")
    groups = groups.mask(scores["stage"].isin(spec.sales_stages), "with_sales")
    return groups.mask(scores["reached"].astype(bool), "reached")


def verdict_of(evaluation: dict[str, Any]) -> dict[str, Any]:
    """Return what ``evaluation.json`` says about whether the model may take the baseline's place."""
    primary = evaluation["targets"][evaluation["target"]]
    return {
        "beats_baseline": evaluation["beats_baseline"],
        "baseline": evaluation["baseline"],
        "leads": primary["leads"],
        "outcomes": primary["outcomes"],
    }


def _table(scores: pd.DataFrame, scoring_run: ScoreRun) -> pa.Table:
    texts = {name: scores[name].map(_json_text) for name in JSON_COLUMNS}
    whole = scores.assign(
        **texts,
        run_id=scoring_run.run_id,
        model_version=scoring_run.model_version,
        cutoff_version=scoring_run.cutoff_version,
    )
    whole["as_of"] = to_micros(whole["as_of"])  # as pyarrow asks pandas for zoned times, pandas warns
    columns = [pa.array(whole[field.name], from_pandas=True).cast(field.type) for field in SCHEMA]
    return pa.table(columns, schema=SCHEMA)


def _json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False)
