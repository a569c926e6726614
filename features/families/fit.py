"""Who the lead is: declared columns as known at the as-of time, and what can be read from them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from features.catalog.wording import plain_words
from features.families.email_domains import address_kind
from features.families.job_titles import function, seniority
from features.families.measure import Categories, Column, Measure, column
from features.kernel.block import Block
from features.kernel.declared import Declared
from features.kernel.looks import Values
from features.source_columns import BANT, FitColumn, FitType
from features.source_spec import FeatureOptions, SourceSpec
from features.tables.written_values import BLANKS, NO, NUMBER, YES

UNKNOWN = "unknown"
"""What is read from no title and from no address."""

_NUMBER = re.compile(NUMBER, re.ASCII)


def number_of(text: str) -> float:
    """Return the number that a change holds as text; NaN where it is none.

    Examples
    --------
    >>> number_of(" 12.5"), number_of("many")
    (12.5, nan)
    """
    number = float(text.strip(BLANKS)) if _NUMBER.match(text) else math.nan
    return number if math.isfinite(number) else math.nan


def boolean_of(text: str) -> float:
    """Return 1 for yes, 0 for no, NaN for any other word.

    Examples
    --------
    >>> boolean_of("Ja"), boolean_of("nein"), boolean_of("?")
    (1.0, 0.0, nan)
    """
    word = text.strip(BLANKS).lower()
    return 1.0 if word in YES else 0.0 if word in NO else math.nan


def is_text(text: str) -> bool:
    """Return whether a text holds more than blanks."""
    return text.strip(BLANKS) != ""


# values of each lead or change, before anybody looks


def _texts(block: Block, name: str) -> tuple[NDArray[np.int64], list[str]]:
    """Return for each look the place of the text that is known, -1 for none or for blanks, and the different texts."""
    if block.spec.fit[name].known == "changes":
        codes, texts = block.once(_last_changes)[name], block.facts.change_values
    else:
        of_lead, texts = _filled(*block.facts.attributes.texts(name))
        codes = of_lead[block.lead]
    return codes, texts


def _last_changes(block: Block) -> dict[str, NDArray[np.int64]]:
    codes = np.maximum(block.changes.last_code(), 0) - 1
    filled = np.array([is_text(text) for text in block.facts.change_values] or [False])
    codes = np.where((codes >= 0) & filled[np.maximum(codes, 0)], codes, -1)
    return dict(zip(block.declared.fields, codes, strict=True))


def _filled(codes: NDArray[np.int64], names: list[str]) -> tuple[NDArray[np.int64], list[str]]:
    blank = [place for place, text in enumerate(names) if not is_text(text)]
    return (np.where(np.isin(codes, blank), -1, codes) if blank else codes), names


def _numbers(block: Block, name: str, read: Callable[[str], float]) -> Values:
    if block.spec.fit[name].known == "changes":
        codes, texts = block.once(_texts, name)
        values = np.full(len(texts) + 1, math.nan)  # the last one is that of code -1
        for place in _used(codes):  # the texts of all fields stand in one list
            values[place] = read(texts[place])
        return values[codes]
    return block.facts.attributes.numbers(name)[block.lead]


# what is read at a look


def _category(block: Block, name: str) -> Categories:
    codes, texts = block.once(_texts, name)
    return Categories(codes, tuple(texts))


def _number(block: Block, name: str) -> Values:
    return block.once(_numbers, name, number_of)


def _boolean(block: Block, name: str) -> Values:
    return block.once(_numbers, name, boolean_of)


def _seniority(block: Block, name: str) -> Categories:
    return _read(block, name, seniority)


def _function(block: Block, name: str) -> Categories:
    return _read(block, name, function)


def _kind(block: Block, name: str) -> Categories:
    return _read(block, name, address_kind)


def _read(block: Block, name: str, meaning: Callable[[str], str]) -> Categories:
    """Read each different text once."""
    codes, texts = block.once(_texts, name)
    meanings = {code: meaning(texts[code]) for code in _used(codes)}
    names = tuple(sorted({UNKNOWN, *meanings.values()}))
    number = np.full(len(texts) + 1, names.index(UNKNOWN), np.int64)  # the last one is that of code -1
    for code, text in meanings.items():
        number[code] = names.index(text)
    return Categories(number[codes], names)


def _used(codes: NDArray[np.int64]) -> list[int]:
    """Return each code that is some look's once, rising."""
    return sorted(set(codes.tolist()) - {-1})


def _given(block: Block, name: str) -> Values:
    return (block.once(_texts, name)[0] >= 0).astype(np.float64)


def _is_filled(block: Block, name: str) -> NDArray[np.bool_]:
    if block.spec.fit[name].type in ("number", "boolean"):
        return ~np.isnan(BY_TYPE[block.spec.fit[name].type][0].read(block, name))  # type: ignore[arg-type]
    return block.once(_texts, name)[0] >= 0


def _completeness_share(block: Block, _: None) -> Values:
    if not block.spec.fit:
        return np.ones(len(block))
    return np.round(_count_filled(block, tuple(block.spec.fit)) / len(block.spec.fit), 9)


def _bant_known_count(block: Block, _: None) -> Values:
    return _count_filled(block, block.declared.once(_bant_columns_of))


def _count_filled(block: Block, names: tuple[str, ...]) -> Values:
    filled = np.zeros(len(block))
    for name in names:
        filled += block.once(_is_filled, name)
    return filled


def _bant_columns_of(declared: Declared) -> tuple[str, ...]:
    return _bant_columns(declared.spec)


def _bant_columns(spec: SourceSpec) -> tuple[str, ...]:
    return tuple(name for name, declared in spec.fit.items() if declared.role in BANT)


def _has_bant(spec: SourceSpec) -> bool:
    return bool(_bant_columns(spec))


BY_TYPE: dict[FitType, tuple[Measure, ...]] = {
    "category": (Measure("value", "category", "", "{name_of}, {known}", _category),),
    "number": (Measure("value", "number", "", "{name_of}, {known}", _number),),
    "boolean": (Measure("value", "boolean", "", "{name_of}, {known}", _boolean),),
    "job_title": (
        Measure("seniority", "category", "", "Seniority read from the job title in {name_of}, {known}", _seniority),
        Measure("function", "category", "", "Function read from the job title in {name_of}, {known}", _function),
    ),
    "email": (Measure("kind", "category", "", "Kind of the domain of the address in {name_of}, {known}", _kind),),
    "text": (Measure("given", "boolean", "", "Whether {name_of} holds any text, {known}", _given),),
}
"""What is read from a column, by its type; texts, titles and addresses are only read, never used raw."""

ALL = (
    Measure("completeness_share", "number", "share",
            "Share of the declared columns that hold a value as known at the as-of time",
            _completeness_share, "completeness"),
    Measure("bant_known_count", "number", "count",
            "Number of columns with a BANT role that hold a value as known at the as-of time",
            _bant_known_count, "bant", has=_has_bant),
)  # fmt: skip


def columns(spec: SourceSpec, options: FeatureOptions) -> Iterator[Column]:
    """Yield the columns that say who the lead is."""
    for name, declared in spec.fit.items():
        yield from _of_column(name, declared)
    for measure in ALL:
        if measure.has(spec):
            yield column(measure, "fit")


def _of_column(name: str, declared: FitColumn) -> Iterator[Column]:
    known = "as it stood at creation" if declared.known == "created" else "by its last change known at the as-of time"
    for measure in BY_TYPE[declared.type]:
        is_value = measure.name == "value"
        yield column(
            measure, f"fit_{name}", name="" if is_value else None, subject=name, parameter=name,
            thing=declared.words or plain_words(name), name_of=name, known=known,
            values=tuple(declared.value_words.items()) if is_value else (),
        )  # fmt: skip
