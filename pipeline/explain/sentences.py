"""What is said to the person behind a lead, in German and English: the catalogue of this package, asked by key."""

from __future__ import annotations

from features.language.catalogue import Catalogue

LETTER_SENTENCES = Catalogue("pipeline.explain")
say, say_count, words = LETTER_SENTENCES.say, LETTER_SENTENCES.say_count, LETTER_SENTENCES.words
