"""Compiled code works where nothing can be written."""

from __future__ import annotations

import os
import subprocess
import sys

IMPORT = """
from models.tree_shap import kernel
print(type(kernel.add_contributions._cache).__name__)
"""


def test_without_a_place_for_the_cache_it_compiles_all_the_same(project_root):
    # told to use the folder of a variable that is not set, numba has no place at all
    environment = os.environ | {"NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator"}
    environment.pop("NUMBA_CACHE_DIR", None)
    run = [sys.executable, "-c", IMPORT]
    done = subprocess.run(run, cwd=project_root, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "NullCache"
