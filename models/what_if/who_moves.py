"""Who enters and who leaves among the open leads when cut-offs change, by stage, segment and source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.language.languages import Words
from features.language.sentences import words
from models.evaluation.who_enters_and_leaves import MAX_VALUES, MIN_KNOWN_SHARE
from models.what_if.question import Agreed
from models.what_if.stored_evidence import Past

SEGMENTS = 2
"""Columns that do not say where a lead came from are shown for the two where most changes."""
Bands = npt.NDArray[np.str_]


def changes(past: Past, agreed: Agreed) -> dict[str, Any]:
    """Compare the bands of the open leads that sales does not have yet.

    Returns
    -------
    dict
        ``leads``: those compared. ``MQL`` and ``SAL`` (MQL counts SAL in), each with ``points`` and ``in_force``:
        ``now`` and ``then`` (leads promoted by these and by the proposed cut-offs), ``stay``, ``entering``,
        ``leaving`` (``then = now + entering - leaving``); ``entering_leads`` and ``leaving_leads``; ``tables``: one a
        column, ``column``, ``title``, ``is_source`` and ``rows`` (``value``, ``leads``, ``now``, ``then``,
        ``entering``, ``leaving``).
    """
    opened = waiting(past)
    proposed = bands(opened, agreed.mql, agreed.sal)
    in_force = bands(opened, past.in_force.mql, past.in_force.sal)
    points = opened["baseline_band"].to_numpy(dtype=str)
    result: dict[str, Any] = {"leads": len(opened)}
    for stage, passing in (("MQL", ("MQL", "SAL")), ("SAL", ("SAL",))):
        then = np.isin(proposed, passing)
        result[stage] = {
            name: _compared(opened, np.isin(now, passing), then, past.about["columns"])
            for name, now in (("points", points), ("in_force", in_force))
        }
    return result


def waiting(past: Past) -> pd.DataFrame:
    """Return the open leads that sales does not have yet: the others are handed over already."""
    opened = past.opened
    return opened[~opened["stage"].isin(past.about["sales_stages"])].reset_index(drop=True)


def bands(opened: pd.DataFrame, mql: float, sal: float) -> Bands:
    """Return the band of each open lead under a pair of cut-offs: ``none``, ``MQL`` or ``SAL``."""
    p, may = opened["p"].to_numpy(dtype="float64"), ~opened["excluded"].to_numpy(dtype=bool)
    is_sal = may & opened["gates_open"].to_numpy(dtype=bool) & (p >= sal)
    return np.where(is_sal, "SAL", np.where(may & (p >= mql), "MQL", "none"))


def _compared(
    opened: pd.DataFrame, now: npt.NDArray[np.bool_], then: npt.NDArray[np.bool_], columns: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    entering, leaving = then & ~now, now & ~then
    everybody = np.ones(len(opened), dtype=bool)
    moves = {"leads": everybody, "now": now, "then": then, "entering": entering, "leaving": leaving}
    return {
        "now": int(now.sum()),
        "then": int(then.sum()),
        "stay": int((now & then).sum()),
        "entering": int(entering.sum()),
        "leaving": int(leaving.sum()),
        "entering_leads": opened.loc[entering, "lead_id"].astype(str).tolist(),
        "leaving_leads": opened.loc[leaving, "lead_id"].astype(str).tolist(),
        "tables": _tables(opened, moves, columns),
    }


def _tables(
    opened: pd.DataFrame, moves: Mapping[str, npt.NDArray[np.bool_]], columns: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return a table for each source column and for the segments in which most changes."""
    sources: list[tuple[int, dict[str, Any]]] = []
    segments: list[tuple[int, dict[str, Any]]] = []
    for column in columns:
        values = opened[column["name"]]
        codes, named = pd.factorize(values)
        if len(named) < 2 or (codes >= 0).mean() < MIN_KNOWN_SHARE:
            continue
        # one place more, in front, for those whose value is not known
        counts = {name: np.bincount(codes[who] + 1, minlength=len(named) + 1) for name, who in moves.items()}
        told = {name: column[name] for name in ("name", "title", "is_source")}
        told["rows"] = _rows([None, *map(str, named)], counts, column)
        shift = int(np.abs(counts["then"] - counts["now"]).sum())
        (sources if column["is_source"] else segments).append((shift, told))
    segments.sort(key=lambda entry: -entry[0])
    return [told for _, told in [*sources, *segments[:SEGMENTS]]]


def _rows(
    values: Sequence[str | None], counts: Mapping[str, npt.NDArray[np.intp]], column: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return a row a value, most leads first; the rarest are put together, and who has no value comes last."""
    known = sorted(range(1, len(values)), key=lambda at: (-counts["leads"][at], str(values[at])))
    shown = known if len(known) <= MAX_VALUES else known[: MAX_VALUES - 1]
    groups: list[tuple[dict[str, str] | None, list[int]]] = [
        (column["values"].get(values[at], Words.same(str(values[at])).model_dump()), [at]) for at in shown
    ]
    if len(shown) < len(known):
        groups.append((words("segment.others").model_dump(), known[len(shown) :]))
    if counts["leads"][0]:
        groups.append((None, [0]))
    return [{"value": name, **{key: int(count[at].sum()) for key, count in counts.items()}} for name, at in groups]
