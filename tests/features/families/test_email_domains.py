"""What kind of address an e-mail address is."""

from __future__ import annotations

import pytest

from features.families.email_domains import address_kind

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


@pytest.mark.parametrize(("address", "kind"), ADDRESSES)
def test_an_address_is_recognised(address, kind):
    assert address_kind(address) == kind
