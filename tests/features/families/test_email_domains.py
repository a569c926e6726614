"""What kind of address an e-mail address is."""

from __future__ import annotations

import duckdb
import ibis
import pyarrow as pa
import pytest

from features.families.email_domains import domain_kind, email_domain

ADDRESSES = [
    ("anna@muster-maschinenbau.de", "company"),
    ("Anna.Beispiel@Muster.COM", "company"),
    ("einkauf@uniper.energy", "company"),
    ("info@unitedparts.de", "company"),
    ("a@mail.example.co.uk", "company"),
    ("a@sub.werk-web.de", "company"),
    ("a@gmail.com", "free"),
    ("a@GMX.de", "free"),
    ("a@web.de", "free"),
    ("a@t-online.de", "free"),
    ("a@yahoo.co.uk", "free"),
    ("a@bluewin.ch", "free"),
    ("a@uni-stuttgart.de", "university"),
    ("a@stud.tu-dresden.de", "university"),
    ("a@tum.de", "university"),
    ("a@mytum.student.tum.de", "university"),
    ("a@student.ethz.ch", "university"),
    ("a@mit.edu", "university"),
    ("a@ox.ac.uk", "university"),
    ("a@hs-augsburg.de", "university"),
    ("a@mailinator.com", "disposable"),
    ("a@wegwerfmail.de", "disposable"),
    ("gmail.com", "free"),
    ("nobody", "unknown"),
    ("a@", "unknown"),
    ("", "unknown"),
]


@pytest.fixture(scope="module")
def kinds() -> dict[str, str]:
    table = ibis.table({"address": "string"}, name="addresses")
    rows = table.select("address", kind=domain_kind(email_domain(table.address)))
    connection = duckdb.connect()
    connection.register("addresses", pa.table({"address": [address for address, _ in ADDRESSES]}))
    return dict(connection.execute(ibis.to_sql(rows)).fetchall())


@pytest.mark.parametrize(("address", "kind"), ADDRESSES)
def test_an_address_is_recognised(kinds, address, kind):
    assert kinds[address] == kind
