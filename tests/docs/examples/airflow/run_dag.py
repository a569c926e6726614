"""Run by Airflow's own Python: the DAG of the night once for each export, and what became of it as lines of JSON.

Usage: python run_dag.py FILE_OF_DAGS RESULTS EXPORT…
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path


def main(file: str, results: str, *exports: str) -> None:
    """Run the nights."""
    dag = runpy.run_path(file)["leadscore_nightly"]()
    for export in exports:
        os.environ["LEADSCORE_DATA"] = export
        run = dag.test()
        (task,) = run.get_task_instances()
        with Path(results).open("a") as lines:
            lines.write(json.dumps({"run": run.state, "task": task.state, "tries": task.try_number}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
