"""The open leads as the store has them now: whom sales has, and who is next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

from features.errors import InputError
from pipeline.score.sinks.store_url import shown, store_url
from pipeline.settings.settings import ScoreOptions

VIEW = "current_scores"
COLUMNS = ("lead_id", "band", "counted_as", "handed_over_by")


def read_current_scores(options: ScoreOptions, root: Path) -> pd.DataFrame | None:
    """Return the scores in force, one row a lead; None where there is no store yet, or no run in it.

    Parameters
    ----------
    options : ScoreOptions
    root : Path
        OUT, beside whose stages the store is where nobody says otherwise.

    Raises
    ------
    InputError
        If the store cannot be asked.
    """
    url = store_url(options.store, root)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).is_file():
        return None
    engine = sa.create_engine(url, hide_parameters=True)
    try:
        with engine.connect() as connection:
            if not sa.inspect(connection).has_table(VIEW):
                return None
            columns: list[sa.ColumnClause[object]] = [sa.column(name) for name in COLUMNS]
            rows = connection.execute(sa.select(*columns).select_from(sa.table(VIEW, *columns))).all()
    except sa.exc.SQLAlchemyError as error:
        first = str(error.__cause__ or error).splitlines()[0]
        raise InputError(expected=f"a score store that answers at {shown(url)}", found=first) from None
    finally:
        engine.dispose()
    return None if not rows else scores_frame([tuple(row) for row in rows])


def scores_frame(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    """Return rows of these columns, by lead."""
    return pd.DataFrame(rows, columns=[*COLUMNS]).astype(object).set_index("lead_id")
