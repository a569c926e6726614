"""What is known of leads from their creation: account, and the fit columns that never change."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Value = str | float | bool | None


class Attributes(Protocol):
    """Values of some leads, a row a lead."""

    def texts(self, name: str) -> tuple[NDArray[np.int64], list[str]]:
        """Return for each lead the place of its text, -1 for none, and the different texts."""

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a number or yes/no for each lead; NaN is none."""

    def between(self, first: int, last: int) -> Attributes:
        """Return the leads from ``first`` to before ``last``."""


@dataclass(frozen=True)
class AttributeTable:
    """Those of many leads.

    Attributes
    ----------
    table : pyarrow Table
        ``account_id`` and the fit columns that are known from creation.
    """

    table: pa.Table

    def texts(self, name: str) -> tuple[NDArray[np.int64], list[str]]:
        """Return for each lead the place of its text, -1 for none, and the different texts."""
        import pyarrow.compute as pc

        values = self.table[name].combine_chunks().dictionary_encode()
        codes = pc.fill_null(values.indices, -1).to_numpy(zero_copy_only=False)
        return np.array(codes, dtype=np.int64), values.dictionary.to_pylist()

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a number or yes/no for each lead; NaN is none."""
        import pyarrow.compute as pc

        values = self.table[name].combine_chunks().cast(pa.float64())
        return np.array(pc.fill_null(values, math.nan), dtype=np.float64)

    def between(self, first: int, last: int) -> AttributeTable:
        """Return the leads from ``first`` to before ``last``."""
        return AttributeTable(self.table.slice(first, last - first))


@dataclass(frozen=True)
class AttributesOfOne:
    """Those of one lead: a table of one row costs more than what is in it.

    Attributes
    ----------
    values : mapping of str to value
        As `AttributeTable` holds them; what is not there is none.
    """

    values: Mapping[str, Value]

    def texts(self, name: str) -> tuple[NDArray[np.int64], list[str]]:
        """Return the place of the lead's text, -1 for none, and the text."""
        text = self.values.get(name)
        return (np.array([-1]), []) if text is None else (np.array([0]), [text])  # type: ignore[list-item] # a column of texts

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a number or yes/no; NaN is none."""
        value = self.values.get(name)
        return np.array([math.nan if value is None else float(value)])

    def between(self, first: int, last: int) -> AttributesOfOne:
        """Return the lead itself: there is no other."""
        if (first, last) != (0, 1):
            raise IndexError(f"expected the only lead, found those from {first} to before {last}")
        return self


@dataclass(frozen=True)
class AttributesOfSeveral:
    """Those of some leads that came one by one.

    Attributes
    ----------
    leads : tuple of AttributesOfOne
    """

    leads: tuple[AttributesOfOne, ...]

    def texts(self, name: str) -> tuple[NDArray[np.int64], list[str]]:
        """Return for each lead the place of its text, -1 for none, and the different texts."""
        place: dict[str, int] = {}
        values = [lead.values.get(name) for lead in self.leads]
        codes = [-1 if text is None else place.setdefault(str(text), len(place)) for text in values]
        return np.array(codes, np.int64), list(place)

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a number or yes/no for each lead; NaN is none."""
        return np.concatenate([lead.numbers(name) for lead in self.leads])

    def between(self, first: int, last: int) -> AttributesOfSeveral:
        """Return the leads from ``first`` to before ``last``."""
        return AttributesOfSeveral(self.leads[first:last])
