"""``leadscore explain`` answers within a second: it loads nothing that an answer does not need and that takes long."""

from __future__ import annotations

import subprocess
import sys

UNNEEDED = {
    "alembic", "fastapi", "jinja2", "lightgbm", "matplotlib", "mlflow", "models.estimator.boosters", "models.forecast",
    "models.tree_shap", "numba", "pandas", "pyarrow.dataset", "scipy", "sklearn",
}  # fmt: skip


def test_explaining_a_score_loads_neither_tables_nor_models():
    """The guard is on what is loaded, not on a clock: pandas alone takes as long as all the rest."""
    code = f"import sys, pipeline.cli, pipeline.explain.command; print(sorted({UNNEEDED} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
