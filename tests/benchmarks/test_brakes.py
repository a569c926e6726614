"""The short form of the benchmark of the brakes: a small company, few nights, every kind of broken export."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def brakes(project_root: Path):
    spec = importlib.util.spec_from_file_location("brakes", project_root / "benchmarks" / "brakes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_kind_stops_and_no_normal_night(brakes, demo_run, monkeypatch):
    monkeypatch.setattr(brakes, "HISTORY", 8)
    measured = brakes.measure(demo_run / "simulate" / "export", 6)
    assert measured["kinds"] >= 20
    assert measured["silent"] == []
    assert measured["false"] == {}
