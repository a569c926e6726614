"""Persons are known in both languages by heading and by values; companies, sizes and yes or no are none."""

from __future__ import annotations

import pytest

from features.leaks.persons import person_sign

PEOPLE = ["Greta Holm", "Jens Amrein", "Sabine Ott", "Tim Wuest", "Karin Elsner", "Felix Brandt"]
PHONES = ["+49 30 123456", "0171/2345678", "(089) 99 88 77", "+43 1 5550000", "0041 44 123 45 67"]
STREETS = ["Lindenstraße 4", "Am Ring 12", "Hauptstr. 7a", "Rosenweg 3", "Marktplatz 1"]
NOTES = ["Frau Ott will call back on Monday", "spoke with Herrn Amrein about the price", "Hr. Wuest is on holiday now",
         "please send Mrs. Holm the offer", "met Dr. Brandt at the fair today"]  # fmt: skip
STAFF = ["K. Meier", "T. Okafor", "S. Li"]


@pytest.mark.parametrize(
    ("heading", "values", "kind"),
    [
        *((heading, PEOPLE, "name") for heading in ("First Name", "Nachname", "Ansprechpartner:in Vorname", "Full name",
                                                    "lastName", "CONTACT NAME", "x7", "Kontakt", "Lead")),
        *((heading, PHONES, "phone") for heading in ("Phone", "Telefonnummer", "Mobile Phone Number", "Handy", "col")),
        *((heading, STAFF, "owner") for heading in ("Lead Owner", "Zuständiger Mitarbeiter", "Kontakt-Eigentümer",
                                                    "Owner", "Erstellt von", "Modified By",
                                                    "Assigned To", "Betreuer", "Sales Rep")),
        ("hubspot_owner_id", ["120045", "120046"], "owner"),
        *((heading, STREETS, "street") for heading in ("Street", "Straße", "Mailing Address", "Anschrift", "col")),
        *((heading, NOTES, "note") for heading in ("Notes", "Bemerkung", "Beschreibung", "Comments", "col")),
    ],
)  # fmt: skip
def test_persons_are_known(heading, values, kind):
    found = person_sign(heading, [*values, None])
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("Company name", ["Brandt GmbH", "Ott & Co"]),
        ("Campaign Name", ["Spring fair", "Webinar 7"]),
        ("Firmenname", PEOPLE[:2]),
        ("Job Title", ["Head of Quality", "Einkäuferin"]),
        ("Industry", ["Chemie", "Maschinenbau"]),
        ("Employees", ["1200", "85", "7", "40", "12"]),
        ("Phone verified", ["yes", "no"]),
        ("Do not call", ["ja", "nein"]),
        ("Homeowner", ["yes", "no"]),
        ("Mitarbeiter", ["12", "80", "5"]),
        ("Mitarbeiter", ["12 Mitarbeiter", "80 Mitarbeiter", "5 Mitarbeiter"]),
        ("ConvertedContactId", ["0035000100012", "0035000100013", "0035000100014", "0035000100015", "0035000100016"]),
        ("Anzahl Mitarbeiter", ["12", "80", "5"]),
        ("Mobile visits", ["3", "17", "0", "5", "2"]),
        ("Owner team", ["Team Nord", "Team Süd"]),
        ("IP address", ["10.0.0.1", "10.0.0.2"]),
        ("postal_code", ["10115", "80331", "01067", "50667", "20095"]),
        ("created", ["2024-05-01 08:00", "2024-05-02 09:00", "2024-05-03", "2024-06-01", "2024-07-01"]),
        ("empty", [None, None]),
        ("customer number", ["0012345678", "0023456789", "0034567891", "0045678912", "0056789123"][:4]),
    ],
)
def test_what_is_no_person_is_left_alone(heading, values):
    assert person_sign(heading, values) is None


def test_order_and_missing_values_change_nothing():
    assert person_sign("col", PEOPLE) == person_sign("col", [None, *reversed(PEOPLE), float("nan")])
