"""What job titles tell, in German and English."""

from __future__ import annotations

import duckdb
import ibis
import pyarrow as pa
import pytest

from features.families.job_titles import function, plain_title, seniority

TITLES = [
    # title, seniority, function
    ("Geschäftsführer", "c_level", "management"),
    ("Geschäftsführerin", "c_level", "management"),
    ("Geschäftsführende Gesellschafterin", "c_level", "management"),
    ("Geschäftsführer/-in (m/w/d)", "c_level", "management"),
    ("Kaufmännischer Geschäftsführer", "c_level", "finance"),
    ("Geschäftsführer Vertrieb", "c_level", "sales"),
    ("Mitglied der Geschäftsleitung", "c_level", "management"),
    ("Vorstand", "c_level", "management"),
    ("Vorstandsvorsitzende", "c_level", "management"),
    ("Inhaber", "c_level", "management"),
    ("CEO", "c_level", "management"),
    ("Founder & CEO", "c_level", "management"),
    ("Co-Founder", "c_level", "management"),
    ("Managing Director", "c_level", "management"),
    ("President", "c_level", "management"),
    ("CFO", "c_level", "finance"),
    ("Chief Financial Officer", "c_level", "finance"),
    ("Chief Technology Officer", "c_level", "it"),
    ("CMO", "c_level", "marketing"),
    ("Leiter Einkauf", "head", "purchasing"),
    ("LEITER EINKAUF", "head", "purchasing"),
    ("Leiterin Qualitätssicherung", "head", "quality"),
    ("Leiter:in Einkauf", "head", "purchasing"),
    ("Leiter*in Personal", "head", "hr"),
    ("Leiter/-in Finanzen", "head", "finance"),
    ("Einkaufsleiter", "head", "purchasing"),
    ("Einkaufsleiterin", "head", "purchasing"),
    ("Vertriebsleiter DACH", "head", "sales"),
    ("Stv. Leiter Produktion", "head", "production"),
    ("Werkleiter", "head", "production"),
    ("Abteilungsleiter Konstruktion", "head", "engineering"),
    ("Leitung IT", "head", "it"),
    ("Leiter Halbleiterfertigung", "head", "unknown"),
    ("Technischer Leiter", "head", "engineering"),
    ("Leiter Forschung und Entwicklung", "head", "research"),
    ("Head of Procurement", "head", "purchasing"),
    ("Head of R&D", "head", "research"),
    ("Vice President", "head", "management"),
    ("Vice President Sales", "head", "sales"),
    ("VP Marketing", "head", "marketing"),
    ("Quality Director", "head", "quality"),
    ("Einkaufschef", "head", "purchasing"),
    ("Head of CEO Office", "head", "management"),
    ("Prokurist", "head", "unknown"),
    ("Projektleiter", "manager", "other"),
    ("Projektleiterin Automatisierung", "manager", "engineering"),
    ("Teamleiter Vertriebsinnendienst", "manager", "sales"),
    ("Schichtleiter", "manager", "production"),
    ("Qualitätsmanager (m/w/d)", "manager", "quality"),
    ("Marketing Manager", "manager", "marketing"),
    ("Key Account Manager", "manager", "sales"),
    ("Supply Chain Manager", "manager", "purchasing"),
    ("Product Owner", "manager", "other"),
    ("Team Lead Software Development", "manager", "it"),
    ("Assistant Manager Quality", "manager", "quality"),
    ("Industriemeister Metall", "manager", "production"),
    ("Softwareentwicklerin", "specialist", "it"),
    ("Entwicklungsingenieur", "specialist", "engineering"),
    ("Prozessingenieurin Halbleiter", "specialist", "engineering"),
    ("Einkäufer", "specialist", "purchasing"),
    ("Strategische Einkäuferin", "specialist", "purchasing"),
    ("EINKÄUFERIN", "specialist", "purchasing"),
    ("Sachbearbeiter Buchhaltung", "specialist", "finance"),
    ("Mitarbeiterin Qualitätsmanagement", "specialist", "quality"),
    ("Referent der Geschäftsführung", "specialist", "management"),
    ("IT-Administrator", "specialist", "it"),
    ("Controller", "specialist", "finance"),
    ("Personalreferentin", "specialist", "hr"),
    ("Vertriebsingenieur", "specialist", "sales"),
    ("Data Scientist", "specialist", "it"),
    ("Art Director", "specialist", "other"),
    ("Assistentin der Geschäftsführung", "assistant", "management"),
    ("Assistenz der Geschäftsleitung", "assistant", "management"),
    ("Vorstandsassistent", "assistant", "management"),
    ("Assistant to the CEO", "assistant", "management"),
    ("Executive Assistant", "assistant", "other"),
    ("Personal Assistant", "assistant", "other"),
    ("Chefsekretärin", "assistant", "other"),
    ("Werkstudent", "student", "unknown"),
    ("Werkstudentin Marketing", "student", "marketing"),
    ("Student", "student", "unknown"),
    ("Praktikant Einkauf", "student", "purchasing"),
    ("Masterand Produktion", "student", "production"),
    ("Marketing Intern", "student", "marketing"),
    ("Auszubildende Industriekauffrau", "student", "unknown"),
    ("Doktorandin", "student", "research"),
    ("Einkauf", "unknown", "purchasing"),
    ("xyz", "unknown", "unknown"),
    ("", "unknown", "unknown"),
    ("Gescha\u0308ftsfu\u0308hrer", "c_level", "management"),
]


def levels_and_departments(titles: list[str]) -> dict[str, tuple[str, str]]:
    table = ibis.table({"title": "string"}, name="titles")
    plain = table.select("title", plain=plain_title(table.title)).distinct()
    rows = plain.select("title", seniority=seniority(plain.plain), function=function(plain.plain))
    connection = duckdb.connect()
    connection.register("titles", pa.table({"title": titles}))
    return {title: (level, department) for title, level, department in connection.execute(ibis.to_sql(rows)).fetchall()}


@pytest.fixture(scope="module")
def read() -> dict[str, tuple[str, str]]:
    return levels_and_departments([title for title, _, _ in TITLES])


@pytest.mark.parametrize(("title", "level", "department"), TITLES)
def test_a_title_is_read(read, title, level, department):
    assert read[title] == (level, department)


def test_who_looks_after_students_is_none():
    read = levels_and_departments(["Head of Student Affairs", "Leiter Traineeprogramm", "Leitung Assistenzsysteme"])
    assert {level for level, _ in read.values()} == {"head"}
