"""One column of a feature row: what it is called, what it means, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from features.catalog.phrases import VALUE_WORDS
from features.catalog.wording import Language, number_words, phrase, singular
from features.source_spec import Words

Family = Literal["fit", "behaviour", "journey", "account", "source"]
Dtype = Literal["number", "category", "boolean"]


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

    def say(self, value: object, language: Language) -> str:
        """Return the sentence about one value of this feature; None and NaN are missing.

        Examples
        --------
        >>> from features.feature_list import feature_list
        >>> from features.spec import FeatureOptions, SourceSpec
        >>> spec = SourceSpec.model_validate({"name": "x", "title": {"de": "X", "en": "X"},
        ...     "targets": {"close": {"stage": "WON", "horizon": "30d"}}})
        >>> age = feature_list(spec, FeatureOptions())[1]
        >>> age.say(1.0, "en"), age.say(12.4, "de")
        ('A lead for 1 day', 'Seit 12,4 Tagen Lead')
        """
        if value is None or value != value:
            return str(getattr(self.words_missing, language)).format()
        names = {code: getattr(words, language) for code, words in self.values}
        if self.dtype == "category":
            text = names.get(str(value), str(value))
        else:
            number = float(str(value))
            text = names.get(f"{number:g}") or self._number(number, language)
        return singular(getattr(self.words, language).format(value=text))

    def _number(self, number: float, language: Language) -> str:
        if self.unit == "share":
            return f"{number_words(100 * number, language)} %"
        sign = "+" if self.unit == "change per week" and number > 0 else ""
        return sign + number_words(number, language)


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
        Key of `features.catalog.phrases.PHRASES`.
    thing, window : Words, optional
        What the sentence is about, and over which time.
    """
    words, missing = phrase(measure, thing=thing, window=window)
    family: Family = name.partition("_")[0]  # type: ignore[assignment]
    if dtype == "boolean" or measure in VALUE_WORDS:
        values = tuple(VALUE_WORDS[measure if measure in VALUE_WORDS else "boolean"].items())
    return Feature(name, family, dtype, unit, subject, words, missing, definition, values)
