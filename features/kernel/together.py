"""Leads that came one by one, put together in one block: each knows as little of the others as if it were alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import pyarrow as pa

from features.kernel.attributes import AttributesOfOne, AttributesOfSeveral
from features.kernel.coded_facts import CodedFacts
from features.kernel.other_leads import AccountFacts, OtherLeads, SourceFacts
from features.kernel.streams import Stream


def facts_together(leads: Sequence[CodedFacts]) -> CodedFacts:
    """Return the facts of leads that `LeadCoder` coded, in the order given; the same lead may come twice."""
    before = [0, *accumulate(len(facts.change_values) for facts in leads)]
    changes = [
        Stream(facts.changes.start, facts.changes.times, np.where(facts.changes.codes > 0, facts.changes.codes + at, 0))
        for facts, at in zip(leads, before, strict=False)
    ]
    attributes = (facts.attributes for facts in leads)
    return CodedFacts(
        pa.concat_arrays([facts.lead_ids for facts in leads]),
        np.concatenate([facts.created for facts in leads]),
        AttributesOfSeveral(tuple(one for one in attributes if isinstance(one, AttributesOfOne))),
        Stream.joined([facts.events for facts in leads]),
        Stream.joined([facts.acts for facts in leads]),
        Stream.joined([facts.staff for facts in leads]),
        Stream.joined([facts.stages for facts in leads]),
        Stream.joined(changes),
        [value for facts in leads for value in facts.change_values],
    )


def others_together(others: Sequence[OtherLeads]) -> OtherLeads:
    """Return the others of such leads, as `Population.around` gives them: to each lead an account of its own."""
    accounts = [one.accounts for one in others]
    first = [0, *accumulate(one.created.parts for one in accounts)]
    own = [np.where(one.account < 0, -1, one.account + at) for one, at in zip(accounts, first, strict=False)]
    return OtherLeads(
        AccountFacts(
            np.concatenate(own),
            np.concatenate([one.number for one in accounts]),
            Stream.joined([one.created for one in accounts]),
            Stream.joined([one.reached for one in accounts]),
            Stream.joined([one.won for one in accounts]),
            Stream.joined([one.events for one in accounts]),
            np.concatenate([one.own_created for one in accounts]),
            np.concatenate([one.own_reached for one in accounts]),
            np.concatenate([one.own_won for one in accounts]),
            Stream.joined([one.own_events for one in accounts]),
        ),
        _sources_together([one.sources for one in others if one.sources is not None]),
    )


def _sources_together(sources: Sequence[SourceFacts]) -> SourceFacts | None:
    if not sources:
        return None
    value, own_value = (
        {name: np.concatenate([getattr(one, which)[name] for one in sources]) for name in sources[0].value}
        for which in ("value", "own_value")
    )
    return SourceFacts(
        sources[0].outcomes,
        value,
        own_value,
        np.concatenate([one.own_matured for one in sources]),
        np.concatenate([one.own_converted for one in sources]),
    )
