"""A measure: what a column is called, what it means, and how it is read. The list, the values and the words use it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.catalog.feature import Dtype, Feature, described
from features.kernel.block import Block
from features.kernel.looks import Values
from features.language.languages import Words
from features.source_spec import FeatureOptions, SourceSpec


@dataclass(frozen=True)
class Categories:
    """Texts as numbers.

    Attributes
    ----------
    codes : array of int64
        Places in ``names``; -1 is no value.
    names : tuple of str
    """

    codes: NDArray[np.int64]
    names: tuple[str, ...]


def once(options: FeatureOptions) -> Iterable[int | None]:
    """Say that a measure gives one column, whatever the options."""
    return (None,)


def always(spec: SourceSpec) -> bool:
    """Say that every source has a measure."""
    return True


@dataclass(frozen=True, eq=False)
class Measure:
    """One kind of column.

    Attributes
    ----------
    name : str
        Part of the column's name, and key of its sentences: ``column.NAME`` in ``features/language/catalogues``.
    dtype : {"number", "category", "boolean"}
    unit : str
        What a number counts.
    definition : str
        What it is, exactly; may have places in braces.
    read : callable
        Given a block and a parameter, returns the values: an array with one entry a look, or a row a kind of look; or
        `Categories`. What it keeps of the facts, and how a fact changes that, stands in the function.
    subject : str
        What the column is about, where that does not depend on the source.
    each : callable
        Given the options, returns the parameters that the measure has a column for: windows, half-lives.
    has : callable
        Given the source, whether it has the measure.
    """

    name: str
    dtype: Dtype
    unit: str
    definition: str
    read: Callable[[Block, Any], Values | Categories]
    subject: str = ""
    each: Callable[[FeatureOptions], Iterable[int | None]] = once
    has: Callable[[SourceSpec], bool] = always


@dataclass(frozen=True)
class Column:
    """One column of a feature row, and how it is read.

    Attributes
    ----------
    feature : Feature
        Its name, its meaning and its words.
    measure : Measure
    parameter : hashable
        Handed to the measure: a window, a half-life, a column of the source.
    kind : int
        Which row of the measure's values, where it reads several kinds of looks at once.
    """

    feature: Feature
    measure: Measure
    parameter: Hashable = None
    kind: int = field(default=0)


def column(
    measure: Measure,
    prefix: str,
    *,
    name: str | None = None,
    subject: str | None = None,
    parameter: Hashable = None,
    kind: int = 0,
    thing: Words | None = None,
    window: Words | None = None,
    values: tuple[tuple[str, Words], ...] = (),
    **places: str,
) -> Column:
    """Return the column of a measure.

    Parameters
    ----------
    measure : Measure
    prefix : str
        Start of the name: the family, and what the column is about.
    name : str, optional
        The rest of the name; None is the measure's own, "" is none.
    subject : str, optional
        What it is about; None is the measure's own.
    parameter, kind
        As in `Column`.
    thing, window, values
        For the words; see `features.catalog.feature.described`.
    **places : str
        What the braces of the definition stand for.
    """
    rest = measure.name if name is None else name
    feature = described(
        f"{prefix}_{rest}" if rest else prefix,
        measure.dtype,
        measure.unit,
        measure.subject if subject is None else subject,
        measure.definition.format(**places),
        measure=measure.name,
        thing=thing,
        window=window,
        values=values,
    )
    return Column(feature, measure, parameter, kind)
