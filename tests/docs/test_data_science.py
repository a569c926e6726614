"""The Python of the page for data scientists, run as printed, one block after the other."""

from __future__ import annotations

import re


def test_the_blocks_run_as_printed(project_root, demo_run, tmp_path, monkeypatch):
    page = (project_root / "docs" / "data-science.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert len(blocks) >= 4
    (tmp_path / "data").symlink_to(demo_run)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "docs/data-science.md", "exec"), names)
    assert len(names["study"].trials) == 2
    assert names["p"]["p_sql"].between(0, 1).all()
    assert names["model"].classes_.tolist() == ["no", "yes"]
