"""Who the lead is: declared columns as known at the as-of time, and what can be read from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

from features.as_of import AS_OF, TIME, Total, joined, totals_as_of
from features.families.email_domains import domain_kind, email_domain
from features.families.job_titles import function, plain_title, seniority
from features.source_spec import BANT, FitColumn, FitType, SourceSpec
from features.tables.facts import FIT_DTYPES, Facts
from features.tables.written_values import NO, NUMBER, YES

_TEXTS: dict[FitType, dict[str, Callable[[ir.StringValue], ir.StringValue]]] = {
    "job_title": {"_seniority": seniority, "_function": function},
    "email": {"_kind": domain_kind},
}
"""Texts that are only read, never used raw: the ending of each feature's name and how its plain form is read."""

_READINGS: dict[FitType, tuple[tuple[str, str | float | None], ...]] = {
    "category": (("", None),),
    "number": (("", None),),
    "boolean": (("", None),),
    "job_title": (("_seniority", "unknown"), ("_function", "unknown")),
    "email": (("_kind", "unknown"),),
    "text": (("_given", 0.0),),
}
"""For each type: the endings of its features' names, and what each is where nothing is known."""


def fit_features(facts: Facts, snapshots: ir.Table, spec: SourceSpec) -> ir.Table:
    """Return ``lead_id``, ``as_of_us`` and the fit features, one row a snapshot."""
    created = {name: column for name, column in spec.fit.items() if column.known == "created"}
    changing = {name: column for name, column in spec.fit.items() if column.known == "changes"}
    read = _read(facts.leads.select("lead_id", *created), created)
    table = joined(snapshots, read, ["lead_id"])
    if changing:
        table = _as_changed(table, facts.changes, changing)
    return _completed(table, spec)


def _read(table: ir.Table, columns: dict[str, FitColumn]) -> ir.Table:
    """Replace raw values by the features read from them, and by whether each is filled.

    Titles and addresses are read once for each different text: the step over ``distinct`` also keeps the engine's
    SQL short, which would repeat the plain form of a title in every rule.
    """
    other_columns = [name for name in table.columns if name not in columns]
    read: dict[str, ir.Value] = {}
    for name, column in columns.items():
        value = _blank_is_null(table[name])
        read[f"filled_{name}"] = value.notnull().cast("int64").cast("float64")
        if column.type == "text":
            read[f"fit_{name}_given"] = value.notnull().cast("int64").cast("float64")
        elif column.type in _TEXTS:
            read[f"raw_{name}"] = table[name]
        else:
            read[f"fit_{name}"] = value.cast("float64") if column.type == "boolean" else value
    result = table.select(*other_columns, **read)
    for name, column in columns.items():
        if column.type in _TEXTS:
            meanings = _meanings(table, name, column.type)
            result = joined(result, meanings, [f"raw_{name}"]).drop(f"raw_{name}")
    return result


def _meanings(table: ir.Table, name: str, kind: FitType) -> ir.Table:
    """Return each different text of a column with what is read from it."""
    plain = plain_title if kind == "job_title" else email_domain
    filled = table.filter(table[name].notnull())
    texts = filled.select(**{f"raw_{name}": filled[name]}).distinct()
    texts = texts.select(f"raw_{name}", plain=plain(texts[f"raw_{name}"])).distinct()
    readings = {f"fit_{name}{ending}": reading(texts.plain) for ending, reading in _TEXTS[kind].items()}
    return texts.select(f"raw_{name}", **readings)


def _blank_is_null(value: ir.Value) -> ir.Value:
    return (value.strip() == "").ifelse(ibis.null("string"), value) if value.type().is_string() else value


def _as_changed(table: ir.Table, changes: ir.Table, columns: dict[str, FitColumn]) -> ir.Table:
    """Add the features of columns whose history is in ``changes``: by the last change known."""
    numbered = _numbered(changes)
    of_field = {name: numbered.field == name for name in columns}
    facts = numbered.select(
        "lead_id",
        **{TIME: numbered.changed_us},
        **{f"n_{i}": is_field.ifelse(numbered.n, ibis.null("int64")) for i, is_field in enumerate(of_field.values())},
    )
    totals = [Total(f"last_{i}", f"n_{i}", "max") for i in range(len(columns))]
    last = totals_as_of(facts, table.select("lead_id", AS_OF), by=["lead_id"], totals=totals)
    table = joined(table, last, ["lead_id", AS_OF])
    for i, (name, column) in enumerate(columns.items()):
        values = numbered.filter(numbered.field == name)
        values = values.select("lead_id", **{f"last_{i}": values.n, name: _typed(values.value, column.type)})
        read = _read(values, {name: column})
        table = joined(table, read, ["lead_id", f"last_{i}"]).drop(f"last_{i}")
    return table


def _numbered(changes: ir.Table) -> ir.Table:
    """Count the changes of each lead and field by time; of several at one time the greatest value comes last."""
    order = [changes.changed_us.asc(), changes.value.asc(nulls_first=True)]
    window = ibis.window(group_by=["lead_id", "field"], order_by=order)
    return changes.mutate(n=ibis.row_number().over(window).cast("int64"))


def _typed(value: ir.StringValue, kind: FitType) -> ir.Value:
    dtype = FIT_DTYPES[kind]
    if dtype == "float64":
        number = value.re_search(NUMBER).ifelse(value, ibis.null("string")).strip().try_cast("float64")
        return number.isinf().ifelse(ibis.null("float64"), number)
    if dtype == "boolean":
        word = value.strip().lower()
        return ibis.cases((word.isin(YES), True), (word.isin(NO), False), else_=ibis.null("boolean"))
    return value


def _completed(table: ir.Table, spec: SourceSpec) -> ir.Table:
    """Fill what nothing is known about, and count what is known."""
    features: dict[str, ir.Value] = {}
    for name, column in spec.fit.items():
        for ending, unknown in _READINGS[column.type]:
            value = table[f"fit_{name}{ending}"]
            features[f"fit_{name}{ending}"] = value if unknown is None else value.fill_null(unknown)
    filled = {name: table[f"filled_{name}"].fill_null(0.0) for name in spec.fit}
    share = (_sum(filled.values()) / float(len(filled))).round(9) if filled else ibis.literal(1.0).cast("float64")
    features["fit_completeness_share"] = share
    bant = [filled[name] for name, column in spec.fit.items() if column.role in BANT]
    if bant:
        features["fit_bant_known_count"] = _sum(bant)
    return table.select("lead_id", AS_OF, **features)


def _sum(values: Iterable[ir.Value]) -> ir.Value:
    return reduce(add, values)
