"""What was made of a sequence that comes again and again, such as the feature list of one model."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, TypeVar

T = TypeVar("T")
REMEMBERED = 64


def remembered(function: Callable[..., T]) -> Callable[..., T]:
    """Remember what a function makes of its first argument, by which object that is, and of hashable others.

    An equal sequence that is another object is worked out again: to compare two hundred features takes longer than
    what is made of them. The objects are kept alive, at most 64 of them.
    """
    known: dict[tuple[Hashable, ...], tuple[Any, T]] = {}

    @wraps(function)
    def ask(sequence: Any, *others: Hashable) -> T:
        key = (id(sequence), *others)
        found = known.get(key)
        if found is None:
            while len(known) >= REMEMBERED:
                known.pop(next(iter(known)), None)
            found = known[key] = sequence, function(sequence, *others)
        return found[1]

    return ask
