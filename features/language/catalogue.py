"""The sentences of a package in German and English: gettext catalogues, read once, asked by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from features.language.languages import Language, Words, locale_of
from features.language.numbers import plural_form

PLURAL_FORMS = ("zero", "one", "two", "few", "many", "other")
"""All plural forms, in the order in which gettext counts those that a language has."""

Forms = Mapping[str, str]
"""A sentence by plural form; one that counts nothing has ``other`` alone."""


@dataclass(frozen=True)
class Catalogue:
    """What a package says: ``catalogues/LANGUAGE.po`` beside its modules.

    The key of a sentence is its context (``msgctxt``), the English text its ``msgid``. A sentence without a
    translation, or with one that is marked as doubtful (``fuzzy``), is said in English.

    Parameters
    ----------
    package : str
        Dotted name of the package that ships the catalogues.
    """

    package: str

    def say(self, key: str, language: Language, /, **values: object) -> str:
        """Return a sentence with values put in.

        Parameters
        ----------
        key : str
            Of the sentence.
        language : {"de", "en"}
        **values
            By placeholder; `Words` are put in in the sentence's language.

        Raises
        ------
        KeyError
            If there is no such sentence, or a placeholder has no value.
        """
        return _filled(self.forms(key, language)["other"], language, values)

    def say_count(self, key: str, language: Language, shown: Decimal, /, **values: object) -> str:
        """Return a sentence that counts something, in the plural form of the language; see `say`.

        Parameters
        ----------
        shown : Decimal
            The number with the digits that are shown: ``1`` is singular, ``1.0`` is not.
        """
        return _filled(self.forms(key, language)[plural_form(shown, language)], language, values)

    def words(self, key: str, /, **values: object) -> Words:
        """Return a sentence in every language; see `say`."""
        return Words.each(lambda language: self.say(key, language, **values))

    def forms(self, key: str, language: Language) -> Forms:
        """Return the texts of a sentence by plural form, placeholders and all."""
        return self.sentences(language)[key]

    def sentences(self, language: Language) -> Mapping[str, Forms]:
        """Return all sentences by key."""
        return _read(self.package, language)


def _filled(text: str, language: Language, values: Mapping[str, object]) -> str:
    fillings = {name: value.of(language) if isinstance(value, Words) else value for name, value in values.items()}
    return text.format_map(fillings)


@cache
def _read(package: str, language: Language) -> Mapping[str, Forms]:
    from babel.messages.pofile import read_po

    named = [form for form in PLURAL_FORMS if form in {*locale_of(language).plural_form.tags, "other"}]
    with files(package).joinpath("catalogues", f"{language}.po").open("rb") as stream:
        messages = [message for message in read_po(stream, locale=language) if message.id]
    read: dict[str, Forms] = {}
    for message in messages:
        english = (message.id,) if isinstance(message.id, str) else tuple(message.id)
        given = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        texts = given if given and all(given) and not message.fuzzy else english
        names = named if len(english) > 1 else ["other"]
        read[str(message.context)] = MappingProxyType(dict(zip(names, texts, strict=True)))
    return MappingProxyType(read)
