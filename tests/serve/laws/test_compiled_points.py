"""A compiled points table gives a posted lead exactly what it gives the lead's row of the nightly run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from features.time_units import to_micros
from models.compiled_points.table import compile_points
from models.log_odds import log_odds_to_probability
from models.rules.points import score_points
from serve.api.contracts import ScoreRequest
from serve.api.score_request import score_request
from serve.reading.ingested_history import IngestHistory
from serve.reading.served_model import ServedModel


def posted(tables: dict[str, pd.DataFrame], known: list[str], lead_id: str, as_of: pd.Timestamp) -> ScoreRequest:
    """Return what a CRM would post: the lead's rows of the four tables."""
    rows = {
        name: json.loads(
            table[table["lead_id"] == lead_id]
            .drop(columns="lead_id")
            .to_json(orient="records", date_format="iso", date_unit="us")
        )
        for name, table in tables.items()
    }
    lead = rows.pop("leads")[0]
    facts = {
        "lead_id": lead_id, "created_at": lead["created_at"], "account_id": lead["account_id"],
        "as_of": as_of.isoformat(), "attributes": {name: lead[name] for name in known}, **rows,
    }  # fmt: skip
    return ScoreRequest.model_validate(facts)


def test_batch_equals_online(demo_run: Path) -> None:
    loaded, history = ServedModel(demo_run).current(), IngestHistory(demo_run)
    engine = history.engine(loaded.forecast.spec, loaded.forecast.feature_options)
    rows = pd.read_parquet(demo_run / "features" / "history.parquet")
    rows = rows.assign(as_of_us=to_micros(rows["as_of"]))
    p = log_odds_to_probability(np.clip(loaded.forecast.predict(rows)["log_odds_sql"], -9, 9))
    rules = compile_points(rows, p, loaded.forecast.features, spec=loaded.forecast.spec, like=loaded.rules).rules
    with_rules = replace(loaded, rules=rules)
    tables = {
        name: pd.read_parquet(demo_run / "ingest" / f"{name}.parquet")
        for name in ("leads", "events", "changes", "stages")
    }
    known = [name for name, column in loaded.forecast.spec.fit.items() if column.known == "created"]
    nightly = pd.read_parquet(demo_run / "features" / "open.parquet").iloc[::15]
    given = score_points(nightly, rules)["points"]
    assert given.nunique() > 5
    for (lead_id, as_of), points in zip(nightly[["lead_id", "as_of"]].to_numpy(), given, strict=True):
        request = posted(tables, known, lead_id, as_of)
        online = score_request(request, loaded=with_rules, engine=engine, max_facts=100_000)
        assert online.points == points, lead_id
