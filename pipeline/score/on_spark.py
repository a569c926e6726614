"""Scores of open leads, computed on a Spark cluster by the same model files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import pandas as pd
import pyarrow as pa

from features.time_units import from_micros, to_micros
from models.cutoffs.cutoffs import Cutoffs
from models.forecast.saved_form import from_files
from models.rules.points import PointsRules
from models.scoring.score_columns import SCORE_COLUMNS
from models.scoring.score_rows import score_rows
from pipeline.outputs.feature_rows import count_rows, stored_features
from pipeline.runner.stages import StageContext
from pipeline.score.scores_file import SCHEMA, columns_of
from pipeline.spark.session import spark_session
from pipeline.spark.sorted_parts import map_batches, open_parquet, sorted_rows

AS_NUMBER = pa.schema([(name, pa.int64() if name == "as_of" else SCHEMA.field(name).type) for name in SCORE_COLUMNS])
"""What the machines send: scores as in the file, moments as microseconds since 1970 UTC."""


@dataclass(frozen=True)
class ScoreTask:
    """What every machine needs beside the feature rows.

    Attributes
    ----------
    files : mapping of str to str
        Texts of the saved model.
    cutoffs : Cutoffs
    rules : PointsRules or None
    top_reasons : int
        As `models.scoring.score_rows.score_rows`.
    """

    files: Mapping[str, str]
    cutoffs: Cutoffs
    rules: PointsRules | None
    top_reasons: int


def scores_on_spark(context: StageContext, task: ScoreTask) -> Iterator[pd.DataFrame]:
    """Yield the scores of all open leads in order of the lead, some at a time.

    Yields
    ------
    DataFrame
        `models.scoring.score_columns.SCORE_COLUMNS`; JSON columns hold their texts. At least one, which may be empty.
    """
    file, engine, count = stored_features(context, "open"), context.settings.engine, count_rows(context, "open")
    yield _as_frame(AS_NUMBER.empty_table())
    with spark_session(engine, "score") as session, context.workspace.scratch("score-on-spark") as folder:
        session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", str(context.settings.score.chunk_rows))
        sent, done = session.sparkContext.broadcast(task), session.sparkContext.accumulator(0)

        def compute(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            forecast = from_files(sent.value.files)
            for batch in batches:
                rows = batch.to_pandas()
                rows = rows.assign(as_of_us=to_micros(rows["as_of"]))
                yield _as_batch(
                    score_rows(
                        rows,
                        rows,
                        forecast=forecast,
                        cutoffs=sent.value.cutoffs,
                        rules=sent.value.rules,
                        top_reasons=sent.value.top_reasons,
                    )
                )
                done.add(len(rows))

        tasks = max(math.ceil(count / engine.scored_rows), 1)
        scores = map_batches(open_parquet(session, file).repartition(tasks), compute, AS_NUMBER)
        for batch in sorted_rows(scores, ("lead_id", "as_of"), folder, title="score", total=count, counter=done):
            yield _as_frame(batch)


def _as_batch(scores: pd.DataFrame) -> pa.RecordBatch:
    return pa.record_batch(columns_of(scores, AS_NUMBER), schema=AS_NUMBER)


def _as_frame(batch: pa.RecordBatch | pa.Table) -> pd.DataFrame:
    scores = cast("pd.DataFrame", batch.to_pandas())
    return scores.assign(as_of=from_micros(scores["as_of"]))
