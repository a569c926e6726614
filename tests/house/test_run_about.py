"""What a run says of itself is read into its model where its row or file is read, and nowhere after."""

from __future__ import annotations

import ast
from pathlib import Path

READERS = {
    "pipeline/score/sinks/lead_scores.py",  # score_runs, for who explains a score
    "pipeline/score/sinks/open_leads.py",  # score_runs, for the probability that puts the list in order
    "pipeline/score/sinks/promotions.py",  # score_runs, for which decision scored
    "pipeline/score/sinks/scores_before.py",  # score_runs, for who compares a run with it
    "pipeline/score/sinks/sink.py",  # score.json, to ask the sinks for the run
    "pipeline/score/sinks/write_back/current_run.py",  # score_runs, to send the run in force again
    "pipeline/summary.py",  # score.json
    "serve/reading/score_store.py",  # score_runs: as a part of StoredRun
    "serve/reading/served_model.py",  # score.json
}


def parses_a_run(file: Path) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr.startswith("model_validate")
        and isinstance(node.value, ast.Name)
        and node.value.id in ("RunAbout", "StoredRun")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    )


def test_a_run_is_read_where_its_row_or_file_is_read(project_root: Path) -> None:
    files = [file for package in ("models", "pipeline", "serve") for file in (project_root / package).rglob("*.py")]
    readers = {file.relative_to(project_root).as_posix() for file in files if parses_a_run(file)}
    assert readers == READERS


def test_no_page_takes_a_run_apart_by_names_of_keys(project_root: Path) -> None:
    """The page of the cut-offs speaks of another thing: what the stored past says, not a scoring run."""
    for file in (project_root / "serve").rglob("*.py"):
        if "cutoffs" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            taken = (
                node.value
                if isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr == "get")
                else None
            )
            name = getattr(taken, "id", None) or getattr(taken, "attr", None)
            assert name != "about", f"{file}:{node.lineno}"  # type: ignore[attr-defined]
