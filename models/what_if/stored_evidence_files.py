"""What stages leave for questions about cut-offs, as files hold it: the names, and the way back to a `Past`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pandas as pd
from pydantic import ValidationError

from features.errors import InputError
from features.time_units import parse_time, to_micros
from models.cutoffs.counting import Counting
from models.cutoffs.cutoffs import Cutoffs
from models.what_if.stored_evidence import Naming, Past, Seen

CUTOFFS, OPEN_ABOUT = "cutoffs/cutoffs.json", "evaluate/open.json"
LOOKS, OPEN = {"cutoffs": "cutoffs/looks.parquet", "evaluate": "evaluate/looks.parquet"}, "evaluate/open.parquet"
COUNTING = {"cutoffs": "cutoffs/looks.json", "evaluate": "evaluate/looks.json"}
EARLIER = "cutoffs/past.parquet"
FILES = (CUTOFFS, OPEN_ABOUT, OPEN, EARLIER, *LOOKS.values(), *COUNTING.values())
"""All that an answer reads, below the folder of a run's outputs."""
STAGES = ("cutoffs", "evaluate")
"""The stages that leave them. An answer reads both, so the evaluation has to be that of the cut-offs."""
_WITH_SALES_TOO = "sales_stages"
"""A key of ``open.json`` of earlier versions: their ``open.parquet`` holds leads that stand at these stages too."""


def past_of(text: Callable[[str], str], table: Callable[[str], pd.DataFrame]) -> Past:
    """Put together what a question about cut-offs is answered from.

    Parameters
    ----------
    text, table : callable
        Read a JSON file and a Parquet file out of ``FILES``, by name.

    Raises
    ------
    InputError
        If the files are of another version.
    """
    countings = {stage: json.loads(text(name)) for stage, name in COUNTING.items()}
    about = json.loads(text(OPEN_ABOUT))
    try:
        return Past(
            calibration=_seen(table(LOOKS["cutoffs"]), countings["cutoffs"]),
            test=_seen(table(LOOKS["evaluate"]), countings["evaluate"]),
            earlier=_numbered(table(EARLIER)),
            opened=_opened(table(OPEN), about.pop(_WITH_SALES_TOO, ())),
            in_force=Cutoffs.model_validate_json(text(CUTOFFS)),
            about=Naming.model_validate(about),
        )
    except (ValidationError, KeyError) as error:
        raise InputError(
            expected="cut-offs and looks of this version of leadscore",
            found=str(error).splitlines()[0],
            hint="Run 'leadscore run' again",
        ) from None


def _opened(rows: pd.DataFrame, left_out: Sequence[str]) -> pd.DataFrame:
    return rows[~rows["stage"].isin(left_out)].reset_index(drop=True) if left_out else rows


def _seen(rows: pd.DataFrame, entry: dict[str, float | str | None]) -> Seen:
    counting = Counting(parse_time(str(entry["counted_from"])), float(str(entry["weeks"])), float(str(entry["share"])))
    return Seen(_numbered(rows), counting)


def _numbered(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with times and leads as numbers: which lead it was plays no part, and text is slow to tell apart."""
    leads, times = pd.factorize(rows["lead_id"])[0], to_micros(rows["as_of"])
    return rows.drop(columns="as_of").assign(as_of_us=times, lead_id=leads)
