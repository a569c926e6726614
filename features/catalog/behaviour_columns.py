"""The columns of the event families: which measures each has, what they are called and what they mean."""

from __future__ import annotations

from collections.abc import Iterator

from features.catalog.feature import Feature, described
from features.catalog.wording import plain_words
from features.language.sentences import duration_words
from features.source_spec import EventFamily, FeatureOptions, SourceSpec
from features.time_units import format_duration


def behaviour_list(spec: SourceSpec, options: FeatureOptions) -> Iterator[Feature]:
    """Yield the features of the event families that may enter the model, in the order of a feature row."""
    for family, declared in spec.model_families().items():
        yield from _counts(family, declared, options)
        yield from _times(family, declared, options)
        yield from _life_cycle(family, declared)


def trend_windows(options: FeatureOptions) -> tuple[int, int] | None:
    """Return the shorter and the longer window whose rates a trend compares, or None with fewer than two windows."""
    windows = sorted(set(options.windows))
    if len(windows) < 2:
        return None
    middle = (len(windows) - 1) // 2
    return windows[middle], windows[middle + 1]


def _what(family: str, declared: EventFamily) -> str:
    return f"events of family {family} by {declared.actor}"


def _counts(family: str, declared: EventFamily, options: FeatureOptions) -> Iterator[Feature]:
    thing, stem, what = declared.words or plain_words(family), f"behaviour_{family}", _what(family, declared)
    for us in options.windows if declared.has("count") else ():
        window = format_duration(us)
        yield described(
            f"{stem}_count_{window}", "number", "count", family, f"Number of {what} in (as_of - {window}, as_of]",
            measure="count", thing=thing, window=duration_words(us),
        )  # fmt: skip
    if declared.has("count_ever"):
        yield described(
            f"{stem}_count_ever", "number", "count", family, f"Number of {what} up to as_of",
            measure="count_ever", thing=thing,
        )  # fmt: skip
    for us in options.half_lives if declared.has("decayed") else ():
        half_life = format_duration(us)
        yield described(
            f"{stem}_decayed_{half_life}", "number", "count", family,
            f"Sum over {what} of 2^(-age / {half_life}), age at as_of", measure="decayed", thing=thing,
            window=duration_words(us, every=True),
        )  # fmt: skip


def _times(family: str, declared: EventFamily, options: FeatureOptions) -> Iterator[Feature]:
    thing, what = declared.words or plain_words(family), _what(family, declared)
    rest = [
        ("days_since_last", "days", f"Days from the last of the {what} to as_of"),
        ("distinct_days", "days", f"Number of UTC days with {what}"),
    ]
    if trend_windows(options) is not None:
        short, long = (format_duration(us) for us in trend_windows(options) or ())
        definition = f"Number of {what} a week in the last {short} minus a week in the rest of the last {long}"
        rest.append(("trend", "change per week", definition))
    for measure, unit, definition in rest:
        if declared.has(measure):
            name = f"behaviour_{family}_{measure}"
            yield described(name, "number", unit, family, definition, measure=measure, thing=thing)


def _life_cycle(family: str, declared: EventFamily) -> Iterator[Feature]:
    thing = declared.words or plain_words(family)
    if declared.has("open"):
        yield described(
            f"behaviour_{family}_open", "boolean", "", family,
            f"Whether work on {family} was put on the list or begun after its last end, as known at as_of",
            measure="open", thing=thing,
        )  # fmt: skip
    if declared.has("hours"):
        yield described(
            f"behaviour_{family}_hours", "number", "hours", family,
            f"Hours between beginnings and ends of {family} up to as_of; work that has not ended counts nothing",
            measure="hours", thing=thing,
        )  # fmt: skip
