"""What the pages and the API say, in German and English: the catalogue of this package, asked by key."""

from __future__ import annotations

from features.language.catalogue import Catalogue

PAGE_SENTENCES = Catalogue("serve.wording")
say, say_count, words = PAGE_SENTENCES.say, PAGE_SENTENCES.say_count, PAGE_SENTENCES.words
