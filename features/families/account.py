"""What the other leads of the same account did and became before the as-of time."""

from __future__ import annotations

from collections.abc import Iterator

from features.as_of import Times, is_known
from features.families.measure import Column, Measure, column
from features.kernel.block import Block
from features.kernel.looks import Looks, Values
from features.kernel.streams import Stream
from features.language.languages import Words
from features.language.sentences import duration_words
from features.source_spec import FeatureOptions, SourceSpec
from features.time_units import DAY_US, format_duration

ACCOUNT_WINDOW_US = 30 * DAY_US
"""How far back the actions of an account's other leads are counted."""


def _in_account(block: Block, stream: Stream) -> Looks:
    return Looks(stream, block.others.accounts.account[block.lead][None, :], block.moments)


def _others(block: Block, stream: Stream, own: Times) -> Values:
    """Count the account's facts, less the lead's own; a lead without an account has no others."""
    is_own = is_known(own[block.lead], block.moments)
    others: Values = _in_account(block, stream).count()[0] - is_own
    return others


def _other_leads(block: Block, _: None) -> Values:
    return _others(block, block.others.accounts.created, block.others.accounts.own_created)


def _others_reached(block: Block, _: None) -> Values:
    return _others(block, block.others.accounts.reached, block.others.accounts.own_reached)


def _others_won(block: Block, _: None) -> Values:
    return _others(block, block.others.accounts.won, block.others.accounts.own_won)


def _days_since_last_won(block: Block, _: None) -> Values:
    """Look at the account's last win, or at the one before where the last is the lead's own."""
    accounts = block.others.accounts
    looks = _in_account(block, accounts.won)
    is_own = looks.last_code()[0] == accounts.number[block.lead]
    last = looks.known[0] - 1 - is_own
    there = last >= looks.first[0]
    return looks.only(there, (block.moments - looks.time_at(there[None, :], last[None, :])[0]) / DAY_US)


def _other_events(block: Block, window_us: int) -> Values:
    accounts = block.others.accounts
    own = Looks(accounts.own_events, block.lead[None, :], block.moments)
    others: Values = (_in_account(block, accounts.events).count(last_us=window_us) - own.count(last_us=window_us))[0]
    return others


def _reached_is_not_won(spec: SourceSpec) -> bool:
    return _knows_when(spec) and spec.targets[spec.primary_target].stage != spec.ladder[-1]


def _knows_when(spec: SourceSpec) -> bool:
    """Whether wins have a time; where one stands in for it, nobody knew of them when the lead was looked at."""
    return spec.unknown_times is None


MEASURES = (
    Measure("other_leads_count", "number", "count", "Other leads of the same account created by as_of", _other_leads),
    Measure("others_reached_count", "number", "count",
            "Other leads of the same account that reached {stage} by as_of", _others_reached, has=_reached_is_not_won),
    Measure("others_won_count", "number", "count", "Other leads of the same account won by as_of", _others_won,
            has=_knows_when),
    Measure("days_since_last_won", "number", "days",
            "Days from the last win among the account's other leads to as_of", _days_since_last_won, has=_knows_when),
)  # fmt: skip

OTHER_EVENTS = Measure(
    "other_events_count", "number", "count",
    "Events of the account's other leads by themselves in (as_of - {length}, as_of]", _other_events,
)  # fmt: skip


def columns(spec: SourceSpec, options: FeatureOptions) -> Iterator[Column]:
    """Yield the columns of the account."""
    target = spec.targets[spec.primary_target]
    thing = target.words or Words.same(target.stage)
    for measure in MEASURES:
        if measure.has(spec):
            yield column(measure, "account", subject="account", thing=thing, stage=target.stage)
    length = format_duration(ACCOUNT_WINDOW_US)
    yield column(
        OTHER_EVENTS, "account", name=f"other_events_count_{length}", subject="account", parameter=ACCOUNT_WINDOW_US,
        window=duration_words(ACCOUNT_WINDOW_US), length=length,
    )  # fmt: skip
