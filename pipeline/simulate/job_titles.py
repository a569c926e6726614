"""Job titles as people type them: German and English, gendered, abbreviated, misspelt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SENIORITIES = ("c_level", "head", "manager", "specialist", "junior")
"""The simulator's own ranks; the points and the latent fit go by them, never by the text."""


@dataclass(frozen=True)
class Title:
    """One spelling, with what it truly means."""

    text: str
    seniority: str
    german: bool
    relevance: float
    """How close the role is to buying quality software, from -1 to 1."""


_SPELLINGS: dict[tuple[str, float, bool], str] = {
    ("c_level", 0.7, True): (
        "Geschäftsführer|Geschäftsführerin|Geschäftsführender Gesellschafter|GF|Vorstand|Inhaber|Inhaberin"
        "|Technischer Geschäftsführer|Kfm. Geschäftsführerin|Geschaeftsfuehrer|Mitglied der Geschäftsleitung"
    ),
    ("c_level", 0.7, False): (
        "CTO|CEO|COO|Chief Operating Officer|Managing Director|Chief Technology Officer|C.E.O.|CTO & Co-Founder"
    ),
    ("head", 1.0, True): (
        "Leiter Qualitätssicherung|Leiterin Qualitätssicherung|Leiter QS|Qualitätsleiter|Ltr. Qualitätsmanagement"
        "|Leitung Qualität|Bereichsleiterin Qualität|Leiter*in QM|Leiter Qualitätsmgmt.|Leiter/in Qualitätsprüfung"
    ),
    ("head", 0.6, True): (
        "Produktionsleiter|Produktionsleiterin|Werkleiter|Betriebsleiter|Leiter Produktion|Leiterin Fertigung"
        "|Abteilungsleiter Instandhaltung|Leiter Einkauf|Einkaufsleiterin"
    ),
    ("head", 0.0, True): "IT-Leiter|Vertriebsleiter|Leiter Controlling",
    ("head", 1.0, False): (
        "Head of Quality|Head of Quality Assurance|Director Quality|VP Quality|Quality Director|Head of QA"
    ),
    ("head", 0.6, False): "Head of Production|Director Operations|Head of Manufacturing|VP Operations",
    ("manager", 0.7, True): (
        "Qualitätsmanager|Qualitätsmanagerin|Teamleiter Qualitätsprüfung|Projektleiterin Digitalisierung"
        "|Gruppenleiter Messtechnik|Teamleiterin QS|Teamltr. QS"
    ),
    ("manager", 0.7, False): (
        "Quality Manager|QA Manager|Digitalization Manager|Team Lead Quality|Project Manager Industry 4.0|Plant Manager"
    ),
    ("specialist", 0.2, True): (
        "Qualitätsingenieur|Qualitätsingenieurin|Messtechniker|Messtechnikerin|Prozessingenieur|Fertigungsplaner"
        "|Dipl.-Ing. (FH)|Ingenieurin Qualität|Qualitätsprüfer|Techniker|QMB"
    ),
    ("specialist", 0.2, False): (
        "Quality Engineer|Process Engineer|Test Engineer|Manufacturing Engineer|Sr. Quality Engineer"
    ),
    ("specialist", 0.3, True): (
        "Einkäufer|Einkäuferin|Strategischer Einkäufer|Technische Einkäuferin|Einkauf|Sachbearbeiterin Einkauf"
    ),
    ("specialist", 0.3, False): "Buyer|Procurement Specialist|Strategic Buyer",
    ("specialist", -0.6, True): (
        "Sachbearbeiter|Assistenz der Geschäftsleitung|Vertriebsmitarbeiter|Berater|Referentin Marketing"
    ),
    ("specialist", -0.6, False): "Consultant|Sales Executive|Marketing Specialist|Business Analyst|Freelancer",
    ("junior", -1.0, True): (
        "Werkstudent|Werkstudentin|Praktikant|Praktikantin|Student|Studentin Maschinenbau|Doktorand|Azubi"
    ),
    ("junior", -1.0, False): "Working Student|Intern|PhD Student|Master Student|Trainee",
}

TITLES: tuple[Title, ...] = tuple(
    Title(text=text, seniority=seniority, german=german, relevance=relevance)
    for (seniority, relevance, german), texts in _SPELLINGS.items()
    for text in texts.split("|")
)
"""Every spelling that is used; within one rank and language all are equally common."""

PROFESSIONAL_SHARES = {"c_level": 0.10, "head": 0.20, "manager": 0.25, "specialist": 0.43, "junior": 0.02}


def draw_titles(rng: np.random.Generator, *, german: np.ndarray, learner: np.ndarray) -> np.ndarray:
    """Return an index into `TITLES` for each person.

    Parameters
    ----------
    german : ndarray of bool
        Whether the person writes German (a tenth of them still use an English title).
    learner : ndarray of bool
        Students and applicants: always of rank ``junior``.
    """
    ranks = rng.choice(len(SENIORITIES), size=len(german), p=[PROFESSIONAL_SHARES[s] for s in SENIORITIES])
    ranks = np.where(learner, SENIORITIES.index("junior"), ranks)
    in_german = german & (rng.random(len(german)) < 0.9)
    pick = rng.random(len(german))
    chosen = np.zeros(len(german), dtype=np.int64)
    for rank, seniority in enumerate(SENIORITIES):
        for language in (True, False):
            pool = np.array([i for i, t in enumerate(TITLES) if t.seniority == seniority and t.german == language])
            who = (ranks == rank) & (in_german == language)
            chosen[who] = pool[(pick[who] * len(pool)).astype(np.int64)]
    return chosen


def misspell(rng: np.random.Generator, texts: list[str]) -> list[str]:
    """Return the texts as a form receives them: in capitals, small letters, with stray blanks, without umlauts."""
    plain = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
    messy: list[str] = []
    for text, roll in zip(texts, rng.random(len(texts)).tolist(), strict=True):
        if roll < 0.03:
            messy.append(text.upper())
        elif roll < 0.08:
            messy.append(text.lower())
        elif roll < 0.10:
            messy.append(f"  {text} ")
        elif roll < 0.13:
            messy.append(text.translate(plain))
        else:
            messy.append(text)
    return messy
