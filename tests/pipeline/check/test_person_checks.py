"""A declared column that holds persons is named; what is no person is not."""

from __future__ import annotations

from pipeline.check.command import check_source
from pipeline.settings.settings import Settings
from pipeline.source.folder import read_source


def test_a_person_among_the_columns_is_named_with_the_way_out(write_source, tmp_path):
    source, data = write_source(tmp_path)
    rows = (data / "leads.csv").read_text().splitlines()
    names = [f"{first} Berg" for first in ("Anna", "Jens", "Sabine")]
    named = [rows[0] + ",betreuer,contact"] + [f"{row},R{i % 2} Roth,{names[i % 3]}" for i, row in enumerate(rows[1:])]
    (data / "leads.csv").write_text("\n".join(named) + "\n", encoding="utf-8")
    text = (source / "source.yaml").read_text()
    added = "fit:\n  betreuer: {type: category}\n  contact: {type: text}\n"
    (source / "source.yaml").write_text(text.replace("fit:\n", added), encoding="utf-8")
    report = check_source(read_source(source), data, Settings())
    assert set(report.of("persons")) == {"betreuer"}  # three names are too few to know by values alone
    assert "betreuer holds names of the staff who have the lead, by its heading" in "\n".join(report.notes)
    assert "under show:" in report.of("persons")["betreuer"].sentence


def test_without_persons_nothing_is_said(checked):
    assert not [note for note in checked().notes if "person" in note]
