"""Columns that hold persons: names, phone numbers, owners, streets, notes; known by their heading and by their values.

A model that knows who somebody is learns names by heart, and a salesperson should not read a colleague's name as a
reason. Such columns are shown to people (``show:`` in ``source.yaml``) and read by no feature and no rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from features.leaks.column_names import words_of
from features.tables.written_values import NO, YES

MOSTLY = 0.5
"""Share of the values that must look like it, where the heading says so too or a list of names does."""
NEARLY_ALL = 0.8
"""Share of the values that must look like it, where the heading says nothing."""
FEWEST = 5
"""Values below which nothing is said by values alone."""

_WORD = re.compile(r"[A-ZÄÖÜ]?[a-zäöüß]+|[A-ZÄÖÜ]+(?![a-zäöüß])")


_KEYS = words_of("id ids key uuid guid")
_OWNER = words_of(
    "owner besitzer besitzerin eigentümer eigentümerin zuständig zuständige zuständiger betreuer betreuerin betreut "
    "bearbeiter bearbeiterin sachbearbeiter assignee assigned mitarbeiter "
    "mitarbeiterin vertriebsmitarbeiter verkäufer verkäuferin salesperson rep sdr bdr kundenbetreuer innendienst "
    "außendienstler eigentuemer zustaendig zustaendiger verkaeufer"
)
_BY = words_of("by von durch")
_DONE = words_of("created modified updated edited erstellt geändert bearbeitet angelegt aktualisiert assigned betreut")
_NO_OWNER = words_of(
    "home house haus car vehicle pet team teams abteilung department region gebiet group gruppe queue type typ count "
    "number anzahl size since seit date datum status"
)
_NAME = words_of(
    "vorname nachname familienname rufname surname firstname lastname fullname givenname ansprechpartner "
    "kontaktperson contactname forename"
)
_NAME_PARTS = words_of("first last full given family middle contact person lead customer kunde kontakt prospect")
_NO_NAME = words_of(
    "company firma account organisation organization unternehmen campaign kampagne product produkt event file domain "
    "list liste stage source quelle channel kanal form formular brand marke deal opportunity project projekt city "
    "country plan host page seite school college university team group gruppe segment industry branche user"
)
_PHONE = words_of(
    "phone phones telephone telefon telefonnummer mobile mobil mobiltelefon mobilnummer handy handynummer fax tel "
    "cell cellphone durchwahl rufnummer festnetz whatsapp"
)
_STREET = words_of(
    "street straße strasse address adresse anschrift hausnummer strassenname postanschrift address1 addressline"
)
_NO_STREET = words_of("ip mac email mail web url http type typ kind valid country city")
_NOTE = words_of(
    "note notes notiz notizen bemerkung bemerkungen comment comments kommentar kommentare description beschreibung "
    "message nachricht remark remarks anmerkung anmerkungen freitext gesprächsnotiz memo"
)
_GIVEN = words_of(
    "alexander alexandra ali amy andrea andreas andrew angela anja anke anna anne annika anthony antje barbara "
    "bernd bernhard bettina birgit brian carla carsten charles charlotte christian christina christine christoph "
    "christopher claudia daniel daniela david dennis dieter dirk dominik doris edward elena elisabeth elizabeth "
    "ella emily emma eric erik eva felix florian frank franz friedrich fritz gabriele georg george gerd gerhard "
    "greta günter hannah hans harald heike heinz helen helga helmut henry herbert holger ines ingo ingrid isabel "
    "jack jakob james jan jana jane janine jason jennifer jens jessica joachim jochen johanna johannes john jonas "
    "jonathan jörg jose josef joseph julia julian jürgen karen karin karl karsten katharina kathrin katja katrin "
    "kerstin kevin klaus lara laura lea lena leon linda lisa louis lucas luisa lukas manfred manuela marc marcel "
    "marco marcus margaret maria marie marina mario marion mark markus martin martina mary matthew matthias max "
    "maximilian mehmet melanie mia michael michaela michelle miriam mohammed monika moritz nadine nancy nicholas "
    "nicole niklas nils nina norbert olaf oliver olivia otto patricia patrick paul paula peter petra philip philipp "
    "rainer ralf ralph rebecca reinhard renate richard rita robert robin roland rolf ruth ryan sabine samuel sandra "
    "sara sarah sebastian silke silvia simon simone sofia sophia sophie stefan stefanie stephan stephanie steven "
    "susan susanne sven svenja tanja tanya thomas thorsten tim timo tina tobias tom torsten udo ulrich ulrike "
    "ursula ute uwe vanessa vera verena victoria viktor volker walter werner wilhelm william wolfgang yannick "
    "yvonne"
)

_PHONE_VALUE = re.compile(r"^\s*(\+|00|\(?0)?[\d\s()/.\-–]{6,}(\s*(ext|x|app|dw)\.?\s*\d+)?\s*$", re.IGNORECASE)
_PHONE_ALONE = re.compile(r"^\s*(\+\d|00[1-9]|\(?0[1-9]\d)[\d\s()/.\-–]{5,}$")
_STREET_VALUE = re.compile(
    r"(\w(straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer|chaussee)|\b(straße|weg|platz|allee))\s*\d+\s?[a-z]?\b"
    r"|^\s*\d+\w?\s+[\w .'-]+\b(street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|way|court|place)\b\.?",
    re.IGNORECASE,
)
_SALUTED = re.compile(r"\b(Herrn?|Frau|Hr\.|Fr\.|Mr\.?|Mrs\.?|Ms\.?|Dr\.|Prof\.)\s+([A-ZÄÖÜ][a-zäöüß]+)")


@dataclass(frozen=True)
class PersonSign:
    """What kind of person a column holds, and how that is known.

    Attributes
    ----------
    kind : str
        ``name``, ``phone``, ``owner``, ``street`` or ``note``.
    why : str
        In words.
    """

    kind: str
    why: str


def person_sign(name: str, values: Sequence[object]) -> PersonSign | None:
    """Return what kind of person a column holds, or None.

    Parameters
    ----------
    name : str
        Its heading, German or English.
    values : sequence
        A sample of what stands in it; missing ones may be among them.

    Examples
    --------
    >>> person_sign("Zuständiger Mitarbeiter", ["K. Meier", "T. Okafor"]).kind
    'owner'
    >>> person_sign("Kontakt", ["Anna Beck", "Jens Vogt", "Sarah Ode", "Tom Ruhl", "Eva Lang"]).kind
    'name'
    >>> person_sign("Company name", ["Beck GmbH", "Vogt AG"]) is None
    True
    """
    words = [word.lower() for word in _WORD.findall(name)]
    texts = [text for value in values if value is not None and value == value and (text := str(value).strip())]
    if not texts or all(text.lower() in (*YES, *NO) for text in texts):
        return None
    by_heading = _kind_by_heading(words)
    is_reference = by_heading == "owner" and "id" in words
    if by_heading is not None and (is_reference or _may_be(by_heading, texts)):
        return PersonSign(by_heading, f"{_SAID[by_heading]}, by its heading")
    by_values = _kind_by_values(texts) if len(texts) >= FEWEST and not _KEYS.intersection(words) else None
    return None if by_values is None else PersonSign(by_values, f"{_SAID[by_values]}, by its values")


_SAID = {
    "name": "names of people",
    "phone": "phone numbers",
    "owner": "names of the staff who have the lead",
    "street": "street addresses",
    "note": "free text, which may name people",
}


def _kind_by_heading(words: Sequence[str]) -> str | None:
    has = set(words)
    if (has & _OWNER or (has & _DONE and has & _BY)) and not has & _NO_OWNER:
        return "owner"
    if has & _PHONE:
        return "phone"
    if has & _STREET and not has & _NO_STREET:
        return "street"
    is_name = bool(has & _NAME) or has == {"name"} or ("name" in has and bool(has & _NAME_PARTS))
    if is_name and not has & _NO_NAME:
        return "name"
    return "note" if has & _NOTE else None


def _may_be(kind: str, texts: Sequence[str]) -> bool:
    """Whether the values do not speak against what the heading says."""
    if kind == "phone":
        return _share(texts, lambda text: bool(_PHONE_VALUE.match(text))) >= MOSTLY
    if kind == "note":
        return _share(texts, lambda text: len(text.split()) >= 4) >= MOSTLY
    return _share(texts, lambda text: bool(re.search(r"[^\W\d_]", text)) and not text[0].isdigit()) >= MOSTLY


def _kind_by_values(texts: Sequence[str]) -> str | None:
    if _share(texts, lambda text: bool(_PHONE_ALONE.match(text))) >= NEARLY_ALL:
        return "phone"
    if _share(texts, lambda text: bool(_STREET_VALUE.search(text)) and len(text) < 80) >= NEARLY_ALL:
        return "street"
    if _share(texts, _is_name) >= MOSTLY:
        return "name"
    long = [text for text in texts if len(text.split()) >= 4]
    named = sum(bool(_SALUTED.search(text)) for text in long)
    return "note" if named >= FEWEST and named >= 0.1 * len(texts) else None


def _is_name(text: str) -> bool:
    parts = [part for part in re.split(r"[\s,]+", text) if part]
    words = [part for part in parts if re.fullmatch(r"[A-ZÄÖÜ][\w.'’-]*", part)]
    return 2 <= len(parts) <= 4 and len(words) >= 2 and any(part.lower() in _GIVEN for part in parts)


def _share(texts: Sequence[str], holds: Callable[[str], bool]) -> float:
    return sum(map(holds, texts)) / len(texts)
