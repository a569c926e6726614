"""One column of a feature row: what it is called, what it means, and how it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

from features.catalog.wording import phrase, value_words
from features.language.languages import Language, Words
from features.language.numbers import about_three_digits, number_words, plural_form
from features.language.sentences import LEAD_SENTENCES, words

Family = Literal["fit", "behaviour", "journey", "account", "source"]
Dtype = Literal["number", "category", "boolean"]
WHOLE = ("days", "hours")
"""Units that people name whole."""
UNWRITTEN = ("words_one", "words_zero")
"""What a feature is not written down with."""


@dataclass(frozen=True)
class Feature:
    """One column of a feature row.

    Parameters
    ----------
    name : str
        Column name; starts with the family and ends with the unit.
    family : {"fit", "behaviour", "journey", "account", "source"}
        The kind of knowledge it comes from.
    dtype : {"number", "category", "boolean"}
        Numbers and booleans (1, 0) are held as float64 with nulls, categories as text with nulls.
    unit : str
        What the number counts: ``days``, ``count``, ``share``, …
    subject : str
        What it is about; reasons are summed by family and subject.
    words, words_missing : Words
        Sentences for a salesperson, with ``{value}``, and for when there is no value.
    definition : str
        What it is, exactly.
    values : tuple of (str, Words)
        How its values are called, where they are codes.
    words_one, words_zero : Words, optional
        The sentence in the singular, and about 0, where it counts the value. They are not written down with the
        feature: `counting` finds them again.
    """

    name: str
    family: Family
    dtype: Dtype
    unit: str
    subject: str
    words: Words
    words_missing: Words
    definition: str
    values: tuple[tuple[str, Words], ...] = ()
    words_one: Words | None = field(default=None, compare=False)
    words_zero: Words | None = field(default=None, compare=False)

    def say(self, value: object, language: Language) -> str:
        """Return the sentence about one value of this feature; None and NaN are missing.

        Examples
        --------
        >>> from features.families.feature_list import feature_list
        >>> from features.source_spec import FeatureOptions, SourceSpec
        >>> spec = SourceSpec.model_validate({"name": "x", "title": {"de": "X", "en": "X"},
        ...     "targets": {"close": {"stage": "WON", "horizon": "30d"}}})
        >>> age = feature_list(spec, FeatureOptions())[1]
        >>> age.say(1.0, "en"), age.say(12.4, "de")
        ('Arrived yesterday', 'Eingegangen vor 12 Tagen')
        """
        if value is None or value != value:
            return self.words_missing.of(language).format()
        names = {code: words.of(language) for code, words in self.values}
        if self.dtype == "category":
            return self.words.of(language).format(value=names.get(str(value), str(value)))
        number = float(str(value))
        named = names.get(f"{number:g}")
        if named is not None:
            return self.words.of(language).format(value=named)
        shown = about_three_digits(100 * number if self.unit == "share" else number)
        shown = Decimal(f"{number:.0f}") if self.unit in WHOLE else shown
        one = self.words_one is not None and plural_form(shown, language) == "one"
        sentence = self.words_one if self.words_one is not None and one else self.words
        sentence = self.words_zero if self.words_zero is not None and not shown else sentence
        return sentence.of(language).format(value=self._figure(number, number_words(shown, language)))

    def _figure(self, number: float, text: str) -> str:
        if self.unit == "share":
            return f"{text} %"
        return f"+{text}" if self.unit == "change per week" and number > 0 else text

    def to_json(self) -> dict[str, Any]:
        """Return the feature as JSON has it."""
        tree = {name: part for name, part in asdict(self).items() if name not in UNWRITTEN}
        named = {"words": self.words.model_dump(), "words_missing": self.words_missing.model_dump()}
        return tree | named | {"values": {code: words.model_dump() for code, words in self.values}}


def part_words(feature: Feature) -> Words | None:
    """Return what a fit column is read for, where it gives several features: level, department, kind; else None."""
    part = feature.name.removeprefix(f"fit_{feature.subject}").strip("_")
    return words(f"part.{part}") if part and f"part.{part}" in LEAD_SENTENCES.sentences("en") else None


def counting(saved: Sequence[Feature], declared: Sequence[Feature]) -> tuple[Feature, ...]:
    """Return features that were written down, with the other forms of those whose sentence is still the declared one.

    Parameters
    ----------
    saved : sequence of Feature
        As read from a saved form.
    declared : sequence of Feature
        The feature list of their source.
    """
    forms = {(feature.name, feature.words): (feature.words_one, feature.words_zero) for feature in declared}
    found = [(feature, *forms.get((feature.name, feature.words), (None, None))) for feature in saved]
    return tuple(replace(feature, words_one=one, words_zero=zero) for feature, one, zero in found)


def described(
    name: str,
    dtype: Dtype,
    unit: str,
    subject: str,
    definition: str,
    *,
    measure: str,
    thing: Words | None = None,
    window: Words | None = None,
    values: tuple[tuple[str, Words], ...] = (),
) -> Feature:
    """Return a feature whose family is read off its name and whose sentences are those of its measure.

    Parameters
    ----------
    name, dtype, unit, subject, definition, values
        As in `Feature`.
    measure : str
        Names the sentences: ``column.MEASURE`` in ``features/language/catalogues``.
    thing, window : Words, optional
        What the sentence is about, and over which time.
    """
    said = phrase(measure, thing=thing, window=window)
    family: Family = name.partition("_")[0]  # type: ignore[assignment]
    values = value_words(measure, is_boolean=dtype == "boolean") or values
    return Feature(
        name, family, dtype, unit, subject, said.words, said.missing, definition, values, said.one, said.zero
    )
