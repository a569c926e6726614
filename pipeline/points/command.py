"""What ``leadscore points`` does: compile a finished run's model, write ``OUT/points``, and say what is kept."""

from __future__ import annotations

import json
from pathlib import Path

from models.compiled_points.table import MAX_RULES
from pipeline.points.compile_run import JudgedPoints, compile_run
from pipeline.points.files import points_tree, rules_yaml
from pipeline.points.page import last_line, page, terminal_table
from pipeline.points.tool_sheets import sheets
from pipeline.runner.finished_run import open_run

FOLDER = "points"
BYTE_ORDER_MARK = "\ufeff"
"""Before a CSV file, so that spreadsheets read umlauts."""


def points_command(out: Path, *, max_rules: int = MAX_RULES, highest: int | None = None, as_json: bool = False) -> str:
    """Compile, write and return what is to be printed.

    Parameters
    ----------
    out : Path
        Outputs of a finished run; ``out/points`` is written whole or not at all.
    max_rules, highest
        As for `models.compiled_points.table.compile_points`.
    as_json : bool
        Whether to return ``points.json`` in place of tables and the line ``gain kept: … %``.

    Raises
    ------
    InputError
        If there is no finished run, or its model gives every lead the base rate.
    """
    context = open_run(out)
    judged = compile_run(context, max_rules=max_rules, highest=highest)
    files = _files(judged)
    inputs = {"max_rules": max_rules, "highest": highest, "cutoffs": judged.cutoffs.version}
    with context.workspace.writing(FOLDER, inputs) as folder:
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    if as_json:
        return files["points.json"].rstrip()
    where = (
        f"Written: {(out / FOLDER).resolve()} (rules.yaml, points.html, points.json, {', '.join(_sheet_names(files))})"
    )
    return f"{terminal_table(judged)}{where}\n{last_line(judged.kept)}"


def _files(judged: JudgedPoints) -> dict[str, str]:
    written = sheets(judged.compiled.rules, judged.features, judged.spec)
    return {
        "rules.yaml": rules_yaml(judged),
        "points.json": json.dumps(points_tree(judged), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        "points.html": page(judged),
        **{name: BYTE_ORDER_MARK + text for name, text in written.items()},
    }


def _sheet_names(files: dict[str, str]) -> list[str]:
    return [name for name in files if name.endswith(".csv")]
