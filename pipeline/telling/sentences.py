"""What is told, in German and English: the catalogue of this package, asked by key."""

from __future__ import annotations

from features.language.catalogue import Catalogue

TOLD_SENTENCES = Catalogue("pipeline.telling")
say, say_count, words = TOLD_SENTENCES.say, TOLD_SENTENCES.say_count, TOLD_SENTENCES.words
