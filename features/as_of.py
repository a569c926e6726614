"""The as-of rule, and running totals that keep it.

A fact with ``time <= as_of`` is known at ``as_of``; an outcome counts in ``(as_of, as_of + horizon]``. Both halves of
the rule are written here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import ibis
import ibis.expr.types as ir

TIME = "time_us"
AS_OF = "as_of_us"


def is_known(time: Any, as_of: Any) -> Any:
    """Whether a fact of ``time`` may be used at ``as_of``; times are integers, arrays, or columns of any library.

    Examples
    --------
    >>> is_known(10, 10), is_known(11, 10)
    (True, False)
    """
    return time <= as_of


def is_before(time: Any, start: Any) -> Any:
    """Whether ``time`` lies before a period that begins at ``start``.

    Examples
    --------
    >>> is_before(9, 10), is_before(10, 10)
    (True, False)
    """
    return time < start


def counts_as_outcome(time: Any, as_of: Any, *, horizon: Any) -> Any:
    """Whether an outcome at ``time`` counts for a forecast made at ``as_of`` over ``horizon``.

    Examples
    --------
    >>> [counts_as_outcome(time, 10, horizon=5) for time in (10, 15, 16)]
    [False, True, False]
    """
    return (time > as_of) & (time <= as_of + horizon)


def is_matured(as_of: Any, horizon: Any, observed_until: Any) -> Any:
    """Whether the whole outcome window of ``as_of`` has been observed.

    Examples
    --------
    >>> is_matured(10, 5, 15), is_matured(11, 5, 15)
    (True, False)
    """
    return as_of + horizon <= observed_until


@dataclass(frozen=True)
class Total:
    """One figure that runs along the facts of a partition.

    Parameters
    ----------
    name : str
        Column of the result.
    value : str
        Column of the facts; nulls are passed over.
    how : {"sum", "max", "min"}
        A sum over nothing is 0, a maximum or minimum over nothing is null.
    last_us : int, optional
        Only facts in ``(as_of - last_us, as_of]``; None takes all that are known.
    by : tuple of str, optional
        Partition of this total where it differs from the stream's.
    """

    name: str
    value: str
    how: Literal["sum", "max", "min"] = "sum"
    last_us: int | None = None
    by: tuple[str, ...] | None = None


def totals_as_of(facts: ir.Table, probes: ir.Table, *, by: Sequence[str], totals: Sequence[Total]) -> ir.Table:
    """Return every probe with the totals over the facts known to it.

    Facts and probes go through one stream per partition, in order of time. Facts at exactly a probe's time are its
    peers in a RANGE window and so are known; nothing depends on the order of rows. Work is linear in facts + probes,
    but for sorting.

    Parameters
    ----------
    facts : ibis Table
        Columns of the partitions, ``time_us`` (int64) and the value columns of the totals.
    probes : ibis Table
        Columns of the partitions, ``as_of_us`` (int64) and whatever tells the probes apart.
    by : sequence of str
        Columns that make a partition.
    totals : sequence of Total
        What to compute.

    Returns
    -------
    ibis Table
        The columns of ``probes``, then one column a total.
    """
    values = sorted({total.value for total in totals})
    fact_schema, probe_schema = facts.schema(), probes.schema()
    carried = [name for name in probe_schema.names if name != AS_OF]
    fact_rows = facts.select(
        **{n: facts[n] if n in fact_schema else ibis.null(probe_schema[n]) for n in carried},
        **{TIME: facts[TIME]},
        **{n: facts[n] for n in values},
        is_probe=ibis.literal(False),
    )
    probe_rows = probes.select(
        **{n: probes[n] for n in carried},
        **{TIME: probes[AS_OF]},
        **{n: ibis.null(fact_schema[n]) for n in values},
        is_probe=ibis.literal(True),
    )
    stream = fact_rows.union(probe_rows)
    running = stream.select(
        *carried, "is_probe", **{AS_OF: stream[TIME]}, **{t.name: _running(stream, t, by) for t in totals}
    )
    return running.filter(running.is_probe).drop("is_probe").select(*probe_schema.names, *(t.name for t in totals))


def _running(stream: ir.Table, total: Total, by: Sequence[str]) -> ir.Value:
    preceding = None if total.last_us is None else total.last_us - 1
    window = ibis.range_window(group_by=list(total.by or by), order_by=TIME, preceding=preceding, following=0)
    column = stream[total.value]
    if total.how == "sum":
        return column.sum().over(window).fill_null(0)
    return (column.max() if total.how == "max" else column.min()).over(window)


def joined(left: ir.Table, right: ir.Table, on: Sequence[str]) -> ir.Table:
    """Return every row of ``left`` with the columns of the one row of ``right`` that has the same keys, or nulls."""
    added = [name for name in right.columns if name not in on]
    return left.left_join(right, list(on)).select(*left.columns, *added)
