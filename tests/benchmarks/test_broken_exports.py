"""No kind of trouble is believed wrongly in silence; and what would be wrong, the comparison notices."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def broken_exports(project_root):
    file = project_root / "benchmarks" / "broken_exports.py"
    module_spec = importlib.util.spec_from_file_location("broken_exports", file)
    module = importlib.util.module_from_spec(module_spec)
    sys.modules["broken_exports"] = module
    module_spec.loader.exec_module(module)
    return module


def read(broken_exports, folder, *kinds):
    rng = np.random.default_rng(3)
    export = broken_exports.clean_export(rng, 240)
    for kind in kinds:
        broken_exports.KINDS[kind](export, rng)
    (folder / "data").mkdir()
    return export, *broken_exports.read_export(
        export, folder, [sheet.write(folder / "data") for sheet in export.sheets()]
    )


@pytest.fixture(scope="module")
def clean(broken_exports, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean")
    export, verdict, why = read(broken_exports, folder)
    return export, folder / "out" / "ingest", verdict, why


def test_a_clean_export_is_read_right(broken_exports, clean):
    assert clean[2:] == (broken_exports.RIGHT, "")


@pytest.mark.parametrize(
    ("table", "change", "noticed"),
    [
        ("leads", lambda t: t.assign(created_at=t["created_at"] + pd.Timedelta(days=1)), "is dated"),
        ("leads", lambda t: t.iloc[1:], "is missing"),
        ("leads", lambda t: t.assign(revenue=t["revenue"] * 100), "revenue"),
        ("leads", lambda t: t.assign(job_title=t["job_title"].fillna("null")), "job title"),
        ("events", lambda t: t.iloc[3:], "acts are missing"),
        ("events", lambda t: t.assign(occurred_at=t["occurred_at"] + pd.Timedelta(days=400)), "never was"),
        ("stages", lambda t: t[t["stage"] != "Won"], "is not won"),
        ("stages", lambda t: t.assign(stage=t["stage"].replace("Lost", "Won")), "is won, which it is not"),
    ],
)
def test_what_is_wrong_is_noticed(broken_exports, clean, tmp_path, table, change, noticed):
    export, ingested, *_ = clean
    for file in ingested.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    change(pd.read_parquet(ingested / f"{table}.parquet")).to_parquet(tmp_path / f"{table}.parquet")
    differences = broken_exports.compared(export, tmp_path, said="")
    assert any(noticed in what.lower() and not is_said for what, is_said in differences), differences


@pytest.mark.parametrize("part", range(4))
def test_no_kind_is_believed_wrongly(broken_exports, tmp_path, subtests, part):
    for number, kind in enumerate(list(broken_exports.KINDS)[part::4]):
        folder = tmp_path / str(number)
        folder.mkdir()
        _, verdict, why = read(broken_exports, folder, kind)
        with subtests.test(kind):
            assert verdict in (broken_exports.RIGHT, broken_exports.SAID, broken_exports.REFUSED), why
