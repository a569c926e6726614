"""A small company that uses every kind of column, and random stories of its leads."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from features.source_spec import FeatureOptions, SourceSpec
from features.tables.facts import FactFrames
from features.time_units import from_micros

ORIGIN_US = 1_767_225_600_000_000  # 2026-01-01, a Thursday
HOUR_US = 3_600_000_000
COLUMNS = {
    "changes": ["lead_id", "changed_us", "field", "value"],
    "events": ["lead_id", "occurred_us", "event_type", "actor"],
    "stages": ["lead_id", "stage", "entered_us"],
}


@pytest.fixture(scope="session")
def spec() -> SourceSpec:
    return SourceSpec.model_validate(
        {
            "name": "small",
            "title": {"de": "Klein", "en": "Small"},
            "ladder": ["MQL", "SAL", "SQL", "WON"],
            "targets": {"sql": {"stage": "SQL", "horizon": "10d"}, "close": {"stage": "WON", "horizon": "30d"}},
            "snapshots": {"anchor": "stage:MQL"},
            "fit": {
                "job_title": {"type": "job_title"},
                "email": {"type": "email"},
                "company": {"type": "text"},
                "country": {"type": "category", "role": "location"},
                "employees": {"type": "number"},
                "opt_in": {"type": "boolean"},
                "campaign": {"type": "category", "source_rate": True},
                "budget": {"type": "category", "known": "changes", "role": "budget"},
                "machines": {"type": "number", "known": "changes", "role": "need"},
                "decides": {"type": "boolean", "known": "changes", "role": "authority"},
                "position": {"type": "job_title", "known": "changes"},
            },
            "events": {
                "blog": {"types": ["blog_read", "blog_share"], "intent": "low"},
                "price_list": {"types": ["price_list"], "intent": "high"},
                "career": {"types": ["career"], "intent": "negative"},
                "mailing": {"types": ["mailing"], "actor": "marketing"},
                "call": {"types": ["call"], "actor": "sales"},
            },
        }
    )


@pytest.fixture(scope="session")
def options() -> FeatureOptions:
    return FeatureOptions()


@pytest.fixture(scope="session")
def tables() -> Callable[..., FactFrames]:
    """Build facts from rows of tuples; times are hours since 2026-01-01."""

    def build(
        leads: list[dict[str, object]],
        *,
        changes: list[tuple] = (),
        events: list[tuple] = (),
        stages: list[tuple] = (),
    ) -> FactFrames:
        frame = pd.DataFrame(leads)
        frame["created_at"] = at(frame.pop("created"))
        rows = {
            "changes": pd.DataFrame(changes, columns=COLUMNS["changes"]).astype({"value": object}),
            "events": pd.DataFrame(events, columns=COLUMNS["events"]),
            "stages": pd.DataFrame(stages, columns=COLUMNS["stages"]),
        }
        for name, time in (("changes", "changed"), ("events", "occurred"), ("stages", "entered")):
            rows[name][f"{time}_at"] = at(rows[name].pop(f"{time}_us"))
        return FactFrames(frame, **rows)

    return build


def at(hours: pd.Series) -> pd.Series:
    """Hours since 2026-01-01 as UTC timestamps."""
    return from_micros((hours.astype("float64") * HOUR_US).astype("int64") + ORIGIN_US)


@pytest.fixture(scope="session")
def snapshots_at() -> Callable[..., pd.DataFrame]:
    def build(*looks: tuple[str, float]) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "lead_id": [lead for lead, _ in looks],
                "as_of_us": np.array([ORIGIN_US + int(hours * HOUR_US) for _, hours in looks], dtype="int64"),
            }
        )

    return build


@pytest.fixture(scope="session")
def random_funnel(tables) -> Callable[..., FactFrames]:
    """Build a random funnel on a grid of half hours, so that many facts fall on one instant."""

    def build(seed: int, *, leads: int = 12, rows: int = 120, hours: int = 1_500) -> FactFrames:
        rng = np.random.default_rng(seed)

        def pick(values: list, count: int) -> list:
            return [values[i] for i in rng.integers(0, len(values), count)]

        def times(count: int) -> list[float]:
            return list(rng.integers(0, 2 * hours, count) / 2)

        ids = [f"L{i:03d}" for i in range(leads)]
        who = pd.DataFrame(
            {
                "lead_id": ids,
                "created": rng.integers(0, hours, leads) / 2,
                "account_id": pick(["A", "B", "C", None], leads),
                "job_title": pick(["Leiter Einkauf", "Werkstudentin", "CEO", "Qualitätsmanager:in", "  ", None], leads),
                "email": pick(["a@gmx.de", "b@firma.de", "c@uni-ulm.de", "x", None], leads),
                "company": pick(["Muster GmbH", "", None, "Ärzte & Söhne"], leads),
                "country": pick(["DE", "AT", "CH", None], leads),
                "employees": pick([10.0, 250.5, None], leads),
                "opt_in": pick([True, False, None], leads),
                "campaign": pick(["fair", "search", None], leads),
            }
        )
        field = pick(["budget", "machines", "decides", "position", "unlisted"], rows)
        values = {
            "budget": ["open", "confirmed", None], "machines": ["3", " 12.5", "-1e2", "many", None],
            "decides": ["true", "nein", "?", None], "position": ["Head of Quality", "Praktikant", None],
            "unlisted": ["x"],
        }  # fmt: skip
        kinds = [("blog_read", "lead"), ("blog_share", "lead"), ("price_list", "lead"), ("career", "lead"),
                 ("mailing", "marketing"), ("call", "sales"), ("blog_read", "sales"), ("unlisted", "lead")]  # fmt: skip
        actions = pick(kinds, rows)
        return tables(
            who.to_dict("records"),
            changes=list(zip(pick(ids, rows), times(rows), field, [pick(values[f], 1)[0] for f in field], strict=True)),
            events=[
                (lead, hour, *kind) for lead, hour, kind in zip(pick(ids, rows), times(rows), actions, strict=True)
            ],
            stages=list(
                zip(
                    pick(ids, rows),
                    pick(["MQL", "SAL", "SQL", "WON", "LOST", "RECYCLED"], rows),
                    times(rows),
                    strict=True,
                )
            ),
        )

    return build


@pytest.fixture(scope="session")
def oracle() -> ModuleType:
    """The plain definition of every feature: `expected_rows`."""
    module_spec = importlib.util.spec_from_file_location("feature_oracle", Path(__file__).with_name("oracle.py"))
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[module_spec.name] = module  # dataclasses look for it
    module_spec.loader.exec_module(module)
    return module


LEAD_IDS = ("a", "b'c", 'say "hi"', "x'; DROP TABLE leads; --", "Größe", "客户", "", " ", "10", "9", "%", "é\n")
TEXTS = {
    "category": ["DE", "AT", "Ärzte & Söhne", " ", "", None, "nan"],
    "job_title": ["Leiter Einkauf", "Werkstudentin", "CEO", "Qualitätsmanager:in", "  ", "Head of IT", None],
    "email": ["a@gmx.de", "b@firma.de", "c@uni-ulm.de", "x", " ", None],
    "text": ["Muster GmbH", "", "\t", None],
    "number": [10.0, 250.5, 0.0, None],
    "boolean": [True, False, None],
}
WRITTEN = {"number": ["3", " 12.5", "-1e2", "many", "1e999", "", None], "boolean": ["true", "nein", "?", " JA ", None]}


@pytest.fixture(scope="session")
def random_facts() -> Callable[..., tuple[FactFrames, pd.DataFrame]]:
    """Build random facts of any source, and looks at them: awkward ids, blanks, times before 1970, many at one instant.

    Work ends, people act, leads have no facts or no company, stages are entered before creation, looks lie before
    creation and come twice.
    """

    def build(
        spec: SourceSpec, seed: int, *, rows: int = 150, accounts: bool = True
    ) -> tuple[FactFrames, pd.DataFrame]:
        rng = np.random.default_rng(seed)
        origin = ORIGIN_US if rng.random() < 0.7 else -40 * 24 * HOUR_US
        step = int(rng.choice([HOUR_US // 2, 7 * HOUR_US, HOUR_US // 2 + 1]))

        def pick(values: list, count: int) -> list:
            return [values[i] for i in rng.integers(0, len(values), count)]

        def times(count: int) -> np.ndarray:
            return origin + step * rng.integers(0, 300, count)

        def table(count: int, **columns: list) -> pd.DataFrame:
            ids = list(LEAD_IDS[: max(len(LEAD_IDS) - 2, 1)])  # two leads without any fact
            return pd.DataFrame({"lead_id": pick(ids, count), **columns})

        leads = pd.DataFrame({"lead_id": list(LEAD_IDS), "created_us": times(len(LEAD_IDS))})
        if accounts:
            leads["account_id"] = pd.Series(pick(["A", "B", "alone", "", None], len(leads)), dtype=object)
        for name, column in spec.fit.items():
            if column.known == "created":
                leads[name] = pd.Series(pick(TEXTS[column.type], len(leads)), dtype=object)
        fields = pick([*(n for n, c in spec.fit.items() if c.known == "changes"), "unlisted"], rows)
        kinds = {n: WRITTEN.get(c.type, TEXTS[c.type]) for n, c in spec.fit.items()} | {"unlisted": ["x"]}
        written = pd.Series([pick(kinds[name], 1)[0] for name in fields], dtype=object)
        acts = [(t, f.actor) for f in spec.events.values() for t in f.all_types]
        acts = pick([*acts, *acts, *((t, "lead") for t, _ in acts), ("unlisted", "lead")], rows)
        events = {"event_type": [t for t, _ in acts], "actor": [a for _, a in acts], "occurred_us": times(rows)}
        if spec.who_acted:
            events[spec.who_acted] = pd.Series(pick(["ann", "bob", "Zoë", None], rows), dtype=object)
        stages = pick([*spec.ladder, *spec.lost, *spec.recycled, "unlisted"], rows // 5)
        looks = pd.DataFrame({"lead_id": pick(list(LEAD_IDS), 40), "as_of_us": times(40) - step * 5})
        frames = FactFrames(
            leads,
            changes=table(rows, field=fields, value=written, changed_us=times(rows)),
            events=table(rows, **events),
            stages=table(rows // 5, stage=stages, entered_us=times(rows // 5)),
        )
        return frames, pd.concat([looks, looks[:5]])

    return build
