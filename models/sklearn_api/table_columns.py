"""Any table's columns as features: numbers, categories, and what a time says beside its date."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Literal

import pandas as pd

from features.catalog.feature import Dtype, Feature
from features.catalog.wording import phrase
from features.errors import InputError
from features.language.languages import Words

Kind = Literal["number", "category", "time"]
ISO_DATE = r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}.*)?"
MOST_TIMES = 6
"""Columns of times whose distances are taken; with more, only those from the first to each other."""
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Column:
    """One column of the table it was learned from; ``turn`` tells columns of the same label apart."""

    label: Hashable
    turn: int
    kind: Kind


@dataclass(frozen=True)
class PlainColumns:
    """How a table is read, whatever its columns are called.

    A number is a number, anything else a category, but for times: a date as such would only tell when a row came, and
    later rows lie beyond all that were learned from. So a time is read as its weekday and its hour, and two times as
    the days between them, which count half for each in contributions.

    Examples
    --------
    >>> days = pd.to_datetime(["2025-03-03", "2025-03-04"])
    >>> columns = PlainColumns.of(pd.DataFrame({"asked": days, "met": days + pd.Timedelta(days=2)}))
    >>> columns.table(pd.DataFrame({"asked": days, "met": days + pd.Timedelta(days=2)}))["0 to 1: days"].tolist()
    [2.0, 2.0]
    """

    columns: tuple[Column, ...]

    @classmethod
    def of(cls, X: pd.DataFrame) -> PlainColumns:
        """Learn which column is what."""
        columns, turns = [], dict[Hashable, int]()
        for position, label in enumerate(X.columns):
            turn = turns[label] = turns.get(label, -1) + 1
            columns.append(Column(label, turn, _kind(X.iloc[:, position])))
        return cls(tuple(columns))

    @property
    def sources(self) -> dict[str, tuple[int, ...]]:
        """Each feature's name, and the places of the columns it is made of."""
        named: dict[str, tuple[int, ...]] = {}
        for place, column in enumerate(self.columns):
            name = f"{place}: {column.label}"
            named |= (
                {f"{name}, weekday": (place,), f"{name}, hour": (place,)} if column.kind == "time" else {name: (place,)}
            )
        for first, second in self._pairs():
            named[f"{first} to {second}: days"] = (first, second)
        return named

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features, for the estimator."""
        return tuple(_feature(name, self._dtype(name, places)) for name, places in self.sources.items())

    def table(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the features of a table's rows, under a fresh index.

        Raises
        ------
        InputError
            If a column of training is not there.
        """
        places: dict[tuple[Hashable, int], int] = {}
        turns = dict[Hashable, int]()
        for position, label in enumerate(X.columns):
            turn = turns[label] = turns.get(label, -1) + 1
            places[label, turn] = position
        columns = []
        for column in self.columns:
            if (column.label, column.turn) not in places:
                raise InputError(expected="the columns of training", found="not among them", column=str(column.label))
            columns.append(_read(X.iloc[:, places[column.label, column.turn]].reset_index(drop=True), column.kind))
        table: dict[str, pd.Series] = {}
        for name, made_of in self.sources.items():
            values = [columns[place] for place in made_of]
            if len(values) == 2:
                table[name] = (values[1] - values[0]).dt.total_seconds() / DAY_SECONDS
            elif self.columns[made_of[0]].kind != "time":
                table[name] = values[0]
            elif name.endswith(", weekday"):
                table[name] = values[0].dt.day_of_week.astype("Int64").astype("string").astype(object)
            else:
                table[name] = (values[0] - values[0].dt.normalize()).dt.total_seconds() / 3600
        return pd.DataFrame(table, index=pd.RangeIndex(len(X)))

    def gathered(self, contributions: pd.DataFrame) -> pd.DataFrame:
        """Return the contributions of features as those of the table's columns; rows keep their sums."""
        total = pd.DataFrame(0.0, index=contributions.index, columns=range(len(self.columns)))
        for name, places in self.sources.items():
            for place in places:
                total[place] += contributions[name] / len(places)
        return total.set_axis([column.label for column in self.columns], axis=1)

    def _pairs(self) -> list[tuple[int, int]]:
        times = [place for place, column in enumerate(self.columns) if column.kind == "time"]
        pairs = list(combinations(times, 2))
        return pairs if len(times) <= MOST_TIMES else [pair for pair in pairs if pair[0] == times[0]]

    def _dtype(self, name: str, places: tuple[int, ...]) -> Dtype:
        kind = self.columns[places[0]].kind
        is_text = kind == "category" or (kind == "time" and name.endswith(", weekday"))
        return "category" if is_text else "number"


def _kind(values: pd.Series) -> Kind:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return "category"
    if pd.api.types.is_datetime64_any_dtype(values) or isinstance(values.dtype, pd.PeriodDtype):
        return "time"
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_timedelta64_dtype(values):
        return "number"
    cells = values.dropna()
    if not len(cells):
        return "category"
    if cells.map(lambda value: isinstance(value, date)).all():
        return "time"
    if cells.map(lambda value: isinstance(value, (int, float))).all():
        return "number"
    return "time" if cells.astype(str).str.fullmatch(ISO_DATE).all() else "category"


def _read(values: pd.Series, kind: Kind) -> pd.Series:
    if kind == "category":
        return values.astype(object).where(values.notna().to_numpy(), None)
    if kind == "number":
        if pd.api.types.is_timedelta64_dtype(values):
            return pd.Series(values.dt.total_seconds() / DAY_SECONDS)
        return pd.Series(pd.to_numeric(values.astype(object), errors="coerce"), dtype="float64")
    if isinstance(values.dtype, pd.PeriodDtype):
        return pd.Series(values.dt.to_timestamp())
    if not pd.api.types.is_datetime64_any_dtype(values):
        values = pd.to_datetime(values.astype(object).map(str, na_action="ignore"), errors="coerce", format="ISO8601")
    return pd.Series(values.dt.tz_localize(None))  # weekday and hour are meant as they were there


def _feature(name: str, dtype: Dtype) -> Feature:
    label = name.replace("{", "(").replace("}", ")")
    said = phrase("value", thing=Words.same(label))
    return Feature(
        name=name,
        family="fit",
        dtype=dtype,
        unit="",
        subject=name,
        words=said.words,
        words_missing=said.missing,
        definition=f"Column {name} as given.",
    )
