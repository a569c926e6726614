"""The simulated company's export: compact arrays become Arrow tables in the project's format."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipeline.simulate.accounts import COUNTRIES, INDUSTRIES, Accounts
from pipeline.simulate.campaigns import CAMPAIGN_NAMES, CHANNELS, channel_of_campaign
from pipeline.simulate.events import ACTOR_OF_TYPE, ACTORS, EVENT_TYPES, NO_TOPIC, TOPICS, Events
from pipeline.simulate.job_titles import TITLES, misspell
from pipeline.simulate.people import COMPETITOR, KINDS, STUDENT, People
from pipeline.simulate.sales import BANT_FIELDS, BANT_VALUES, NO_REASON, REASONS, Changes, StageEntries
from pipeline.simulate.sales_stages import STAGE_OF_STATE

_TIME = pa.timestamp("us", tz="UTC")
_FREE_MAIL = ("gmail.com", "gmx.de", "web.de", "t-online.de", "outlook.com", "bluewin.ch", "yahoo.de", "gmx.at")
_UNIVERSITY = (
    "tum.de",
    "rwth-aachen.de",
    "stud.uni-stuttgart.de",
    "ethz.ch",
    "student.tuwien.ac.at",
    "kit.edu",
    "uni-hannover.de",
)
_RIVALS = ("qualisuite.com", "messwerk-software.de", "inspectwise.io")
_FIRST_NAMES = (
    "anna", "lukas", "maria", "thomas", "julia", "michael", "laura", "stefan", "sophie", "andreas", "lena",
    "markus", "katharina", "peter", "nina", "daniel", "sarah", "martin", "eva", "christian", "petra", "florian",
    "sabine", "jan", "claudia", "tobias", "monika", "felix", "birgit", "david",
)  # fmt: skip
_LAST_NAMES = (
    "mueller", "schmidt", "schneider", "fischer", "weber", "meyer", "wagner", "becker", "schulz", "hoffmann",
    "koch", "bauer", "richter", "klein", "wolf", "schroeder", "neumann", "braun", "zimmermann", "hofer", "gruber",
    "egger", "wyss", "brunner", "novak", "rossi", "devries", "kraus", "lehmann", "haas",
)  # fmt: skip

EXPORT_SCHEMAS: dict[str, pa.Schema] = {
    "leads": pa.schema(
        [
            ("lead_id", pa.string()),
            ("created_at", _TIME),
            ("account_id", pa.string()),
            ("job_title", pa.string()),
            ("email", pa.string()),
            ("company", pa.string()),
            ("industry", pa.string()),
            ("employees", pa.float64()),
            ("country", pa.string()),
            ("channel", pa.string()),
            ("campaign", pa.string()),
            ("newsletter_opt_in", pa.bool_()),
        ]
    ),
    "changes": pa.schema(
        [("lead_id", pa.string()), ("changed_at", _TIME), ("field", pa.string()), ("value", pa.string())]
    ),
    "events": pa.schema(
        [
            ("lead_id", pa.string()),
            ("occurred_at", _TIME),
            ("event_type", pa.string()),
            ("actor", pa.string()),
            ("detail", pa.string()),
            ("quantity", pa.float64()),
        ]
    ),
    "stages": pa.schema(
        [("lead_id", pa.string()), ("stage", pa.string()), ("entered_at", _TIME), ("reason", pa.string())]
    ),
}
TRUTH_SCHEMA = pa.schema(
    [("lead_id", pa.string()), ("as_of", _TIME), ("p_sql", pa.float64()), ("p_close", pa.float64())]
)


def lead_ids(leads: int) -> np.ndarray:
    """Return the leads' ids in order of creation: ``L0000001`` and so on."""
    ids: np.ndarray = np.char.add("L", np.char.zfill(np.arange(1, leads + 1).astype(str), 7))
    return ids


def leads_table(rng: np.random.Generator, people: People, accounts: Accounts, ids: np.ndarray) -> pa.Table:
    """Return one row a lead, with gaps and untidy text as forms produce them."""
    size, work = len(people), people.account >= 0
    titles = misspell(rng, [TITLES[t].text for t in people.title.tolist()])
    companies = [accounts.name[a] if a >= 0 else None for a in people.account.tolist()]
    untold = ("-", "n/a", None, None, None, None)
    said = [
        title if tells_title else untold[pick]
        for title, tells_title, pick in zip(
            titles, people.tells_title.tolist(), rng.integers(6, size=size).tolist(), strict=True
        )
    ]
    no_country = rng.random(size) < 0.05
    abroad = rng.integers(0, 3, size)
    country = np.where(work, accounts.country[people.account], abroad)
    columns: list[pa.Array] = [
        pa.array(ids),
        _times(people.created_us),
        pa.array([f"A{a:06d}" if a >= 0 else None for a in people.account.tolist()], pa.string()),
        pa.array(said, pa.string()),
        pa.array(_emails(rng, people, accounts), pa.string()),
        pa.array(companies, pa.string()),
        _named(np.where(people.tells_industry, accounts.industry[people.account], -1), INDUSTRIES),
        pa.array(accounts.employees[people.account].astype(np.float64), mask=~people.tells_size),
        _named(np.where(no_country, -1, country), COUNTRIES),
        _named(channel_of_campaign(people.campaign), CHANNELS),
        _named(people.campaign, CAMPAIGN_NAMES),
        pa.array(people.opted_in),
    ]
    return pa.Table.from_arrays(columns, schema=EXPORT_SCHEMAS["leads"])


def _emails(rng: np.random.Generator, people: People, accounts: Accounts) -> list[str | None]:
    """E-mail addresses: the company's domain, free mail, universities; a few missing or in capitals."""
    size = len(people)
    first, last = (rng.integers(len(names), size=size).tolist() for names in (_FIRST_NAMES, _LAST_NAMES))
    pick, roll = rng.integers(1 << 30, size=size).tolist(), rng.random(size).tolist()
    emails: list[str | None] = []
    for i, (kind, account, free) in enumerate(
        zip(people.kind.tolist(), people.account.tolist(), people.free_mail.tolist(), strict=True)
    ):
        if kind == STUDENT and roll[i] < 0.8:
            domain = _UNIVERSITY[pick[i] % len(_UNIVERSITY)]
        elif kind == COMPETITOR:
            domain = _RIVALS[pick[i] % len(_RIVALS)]
        else:
            domain = _FREE_MAIL[pick[i] % len(_FREE_MAIL)] if free else accounts.domain[account]
        address = f"{_FIRST_NAMES[first[i]]}.{_LAST_NAMES[last[i]]}@{domain}"
        emails.append(None if roll[i] > 0.985 else address.upper() if roll[i] > 0.975 else address)
    return emails


def events_table(events: Events, ids: np.ndarray) -> pa.Table:
    """Return one row an event, in the order given."""
    no_detail = events.topic == NO_TOPIC
    return pa.Table.from_arrays(
        [
            _named(events.lead, ids),
            _times(events.time_us),
            _named(events.kind, EVENT_TYPES),
            _named(ACTOR_OF_TYPE[events.kind], ACTORS),
            _named(np.where(no_detail, -1, events.topic), TOPICS),
            pa.array(events.quantity.astype(np.float64), mask=np.isnan(events.quantity)),
        ],
        schema=EXPORT_SCHEMAS["events"],
    )


def stages_table(stages: StageEntries, ids: np.ndarray) -> pa.Table:
    """Return one row an entry into a stage that the company's system shows; hidden states are left out."""
    names = sorted({stage for stage in STAGE_OF_STATE if stage})
    code = np.array([names.index(stage) if stage else -1 for stage in STAGE_OF_STATE])[stages.state]
    shown = code >= 0
    reason = np.where(stages.reason == NO_REASON, -1, stages.reason)
    return pa.Table.from_arrays(
        [
            _named(stages.lead[shown], ids),
            _named(code[shown], names),
            _times(stages.time_us[shown]),
            _named(reason[shown], REASONS),
        ],
        schema=EXPORT_SCHEMAS["stages"],
    )


def changes_table(changes: Changes, ids: np.ndarray) -> pa.Table:
    """Return one row a change of a BANT field."""
    return pa.Table.from_arrays(
        [
            _named(changes.lead, ids),
            _times(changes.time_us),
            _named(changes.field, BANT_FIELDS),
            _named(changes.value, BANT_VALUES),
        ],
        schema=EXPORT_SCHEMAS["changes"],
    )


def latents_table(people: People, ids: np.ndarray) -> pa.Table:
    """Return one row a lead: what the company cannot see."""
    shape = people.shape
    return pa.table(
        {
            "lead_id": pa.array(ids),
            "kind": _named(people.kind, KINDS),
            "true_title": pa.array([TITLES[t].text for t in people.title.tolist()]),
            "seniority": pa.array([TITLES[t].seniority for t in people.title.tolist()]),
            "fit": people.fit,
            "activity": people.activity,
            "deal_luck": people.deal_luck,
            "intent_peak": shape.peak,
            "intent_onset_day": shape.onset_day,
            "intent_rise_days": shape.rise_days,
            "intent_stay_days": shape.stay_days,
            "intent_fade_days": shape.fade_days,
        }
    )


def truth_table(
    lead: np.ndarray, as_of_us: np.ndarray, probabilities: dict[str, np.ndarray], ids: np.ndarray
) -> pa.Table:
    """Return one row a snapshot; a target that the source does not have is null."""
    order = np.lexsort((as_of_us, lead))
    nothing = pa.nulls(len(lead), pa.float64())
    p_sql, p_close = (
        pa.array(probabilities[target][order]) if target in probabilities else nothing for target in ("sql", "close")
    )
    return pa.Table.from_arrays(
        [_named(lead[order], ids), _times(as_of_us[order]), p_sql, p_close], schema=TRUTH_SCHEMA
    )


def _times(us: np.ndarray) -> pa.Array:
    return pa.array(us.astype(np.int64)).cast(_TIME)


def _named(codes: np.ndarray, names: np.ndarray | tuple[str, ...] | list[str]) -> pa.Array:
    """Return the names for codes; -1 is null."""
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(names), pa.string())).cast(pa.string())
