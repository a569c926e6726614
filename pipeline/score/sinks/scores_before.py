"""The scores that a run's are compared with: those of the run in force before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

from features.errors import InputError
from models.scoring.run_about import RunAbout
from pipeline.score.sinks.runs import in_force, run_row
from pipeline.score.sinks.sink import ScoreRun
from pipeline.score.sinks.store_tables import SCORE_RUNS, SCORES
from pipeline.score.sinks.store_url import for_reading, shown, store_url

_AT_ONCE = 50_000


@dataclass(frozen=True)
class ScoresBefore:
    """What a run put into the store.

    Attributes
    ----------
    run_id : str
    about : RunAbout
    scores : DataFrame
        By lead: ``p`` (the probability that the run's cut-offs work on), ``band`` and ``counted_as``.
    """

    run_id: str
    about: RunAbout
    scores: pd.DataFrame


def read_scores_before(given: str | None, outputs: Path, run: ScoreRun) -> ScoresBefore | None:
    """Return the scores of the run that is in force, or was when this one came; None where there is none.

    A run of another source, or of another output folder, is none: its leads are others.

    Parameters
    ----------
    given : str or None
        ``score.store`` of the settings.
    outputs : Path
        The run's output folder.
    run : ScoreRun
        The later run; it may be in the store already, whole or in part.

    Raises
    ------
    InputError
        If the store cannot be asked.
    """
    with asking(store_url(given, outputs)) as connection:
        before = None if connection is None else _run_before(connection, run)
        if connection is None or before is None:
            return None
        about = RunAbout.model_validate(before.about)
        return ScoresBefore(before.run_id, about, _scores(connection, before.run_id, about.probability))


def _run_before(connection: sa.Connection, run: ScoreRun) -> sa.Row[tuple[object, ...]] | None:
    known, current = run_row(connection, run.run_id), in_force(connection)
    if known is not None and known.sequence is not None:
        rows = SCORE_RUNS.c
        earlier = sa.select(SCORE_RUNS).where(rows.sequence < known.sequence, rows.undone_at.is_(None))
        current = connection.execute(earlier.order_by(rows.sequence.desc()).limit(1)).first()
    if current is None or current.source not in (None, run.about.source):
        return None
    return None if None not in (current.out, run.out) and current.out != run.out else current


def _scores(connection: sa.Connection, run_id: str, probability: str) -> pd.DataFrame:
    """Read few columns of all leads, some at a time, the texts as categories."""
    rows = SCORES.c
    chosen = sa.select(rows.lead_id, rows[probability].label("p"), rows.band, rows.counted_as).where(
        rows.run_id == run_id
    )
    names = ["lead_id", "p", "band", "counted_as"]
    parts = [pd.DataFrame({"lead_id": [], "p": [], "band": [], "counted_as": []}).astype({"p": "float64"})]
    result = connection.execution_options(yield_per=_AT_ONCE).execute(chosen)
    for some in result.partitions():
        part = pd.DataFrame([tuple(row) for row in some], columns=names)
        parts.append(part.astype({"p": "float64"}))
    whole = pd.concat(parts[1:] or parts, ignore_index=True)
    whole = whole.astype({"band": "category", "counted_as": "category"})
    # objects, so that one table of hashes answers for every block that asks
    return whole.drop_duplicates("lead_id", keep="last").astype({"lead_id": object}).set_index("lead_id")


@contextmanager
def asking(url: sa.URL) -> Iterator[sa.Connection | None]:
    """Give a connection that reads; None where there is no store of runs that are numbered."""
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        yield None
        return
    engine = sa.create_engine(for_reading(url), hide_parameters=True)
    try:
        with engine.connect() as connection:
            inspected = sa.inspect(connection)
            numbered = inspected.has_table(SCORE_RUNS.name) and "undone_at" in {
                column["name"] for column in inspected.get_columns(SCORE_RUNS.name)
            }
            yield connection if numbered else None
    except sa.exc.SQLAlchemyError as error:
        first = str(error.__cause__ or error).splitlines()[0]
        raise InputError(expected=f"a score store that answers at {shown(url)}", found=first) from None
    finally:
        engine.dispose()
