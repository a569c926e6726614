"""What checks of the monitor and brakes say, in German and English: the catalogue of this package, asked by key."""

from __future__ import annotations

from features.language.catalogue import Catalogue

FINDING_SENTENCES = Catalogue("models.findings")
say, say_count = FINDING_SENTENCES.say, FINDING_SENTENCES.say_count
