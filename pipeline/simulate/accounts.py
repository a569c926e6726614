"""The companies that leads work for, and whether one of them has a buying project."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

INDUSTRIES = ("automotive", "machinery", "medical", "electronics", "food", "chemicals", "logistics", "services")
INDUSTRY_FIT = np.array([0.8, 0.9, 1.0, 0.6, 0.0, 0.1, -0.8, -1.2])
_INDUSTRY_SHARES = np.array([0.15, 0.22, 0.11, 0.13, 0.11, 0.09, 0.08, 0.11])

COUNTRIES = ("DE", "AT", "CH", "NL", "IT", "CZ", "US")
_COUNTRY_SHARES = np.array([0.66, 0.11, 0.12, 0.04, 0.03, 0.03, 0.01])
GERMAN_SPEAKING = np.array([True, True, True, False, False, False, False])
_TLD = ("de", "at", "ch", "nl", "it", "cz", "com")

_NAMES = (
    "Müller", "Huber", "Schneider", "Weber", "Bauer", "Steiner", "Keller", "Fuchs", "Brunner", "Egger", "Vogel",
    "Lang", "Kaiser", "Winter", "Sommer", "Berger", "Lindner", "Hofmann", "Krüger", "Baumann", "Zimmermann",
    "Rieger", "Seidel", "Jäger", "Böhm", "Gruber", "Moser", "Frei", "Widmer", "Kunz", "Arnold", "Roth", "Albrecht",
    "Thoma",
)  # fmt: skip
_CRAFTS = (
    "Präzisionstechnik", "Maschinenbau", "Messtechnik", "Kunststoff", "Elektronik", "Medizintechnik", "Automotive",
    "Feinmechanik", "Anlagenbau", "Werkzeugbau", "Logistik", "Lebensmittel", "Chemie", "Systeme", "Antriebe",
    "Gussteile", "Optik", "Verpackung",
)  # fmt: skip
_FORMS = ("GmbH", "AG", "GmbH & Co. KG", "KG", "SE", "Group")
_ASCII = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "ae", "Ö": "oe", "Ü": "ue"})


@dataclass(frozen=True)
class Accounts:
    """One row a company; arrays of equal length."""

    name: list[str]
    domain: list[str]
    industry: np.ndarray
    country: np.ndarray
    employees: np.ndarray
    fit: np.ndarray
    """Latent: how well the company suits the product, about standard normal."""
    centre_day: np.ndarray
    """The day, counted from the first day, around which the company's people turn up."""
    project: np.ndarray
    """Latent: whether the company has a buying project."""
    project_day: np.ndarray
    """Latent: the day the project starts."""


def size_fit(employees: np.ndarray) -> np.ndarray:
    """Return how well a company's size suits the product: best around 400 people, in [-1.5, 1]."""
    distance = np.abs(np.log10(np.maximum(employees, 1)) - np.log10(400))
    fit: np.ndarray = np.clip(1.0 - 1.6 * distance, -1.5, 1.0)
    return fit


def draw_accounts(rng: np.random.Generator, *, accounts: int, days: float) -> Accounts:
    """Draw the companies that write in during a period of ``days``."""
    industry = rng.choice(len(INDUSTRIES), size=accounts, p=_INDUSTRY_SHARES)
    country = rng.choice(len(COUNTRIES), size=accounts, p=_COUNTRY_SHARES)
    employees = np.clip(np.round(10 ** rng.normal(2.3, 0.75, accounts)), 2, 120_000).astype(np.int64)
    fit = 0.6 * INDUSTRY_FIT[industry] + 0.6 * size_fit(employees) + rng.normal(0, 0.6, accounts)
    centre = rng.uniform(-20, days, accounts)
    project = rng.random(accounts) < 1 / (1 + np.exp(0.75 - 0.6 * fit))
    names, domains = _names(rng, country)
    return Accounts(
        name=names,
        domain=domains,
        industry=industry,
        country=country,
        employees=employees,
        fit=fit,
        centre_day=centre,
        project=project,
        project_day=centre + rng.normal(-4, 12, accounts),
    )


def _names(rng: np.random.Generator, country: np.ndarray) -> tuple[list[str], list[str]]:
    first = rng.integers(len(_NAMES), size=len(country)).tolist()
    craft = rng.integers(len(_CRAFTS), size=len(country)).tolist()
    form = rng.integers(len(_FORMS), size=len(country)).tolist()
    number = rng.integers(1, 100, size=len(country)).tolist()
    names = [f"{_NAMES[a]} {_CRAFTS[b]} {_FORMS[c]}" for a, b, c in zip(first, craft, form, strict=True)]
    domains = [
        f"{_NAMES[a]}-{_CRAFTS[b]}{n}.{_TLD[land]}".lower().translate(_ASCII)
        for a, b, n, land in zip(first, craft, number, country.tolist(), strict=True)
    ]
    return names, domains
