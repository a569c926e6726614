"""Where leads come from: channels, campaigns that run for a while, and trade fairs on their days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CHANNELS = ("organic", "paid_search", "paid_social", "newsletter", "partner", "webinar_platform", "trade_fair")
TRADE_FAIR = CHANNELS.index("trade_fair")


@dataclass(frozen=True)
class Campaign:
    """A campaign; times are shares of the simulated period."""

    name: str
    channel: str
    weight: float
    quality: float
    """Latent: log odds that it adds for leads with a project against leads without."""
    drift: float = 0.0
    """How much the quality changes from the start of the period to its end."""
    start: float = 0.0
    end: float = 1.0


CAMPAIGNS: tuple[Campaign, ...] = (
    Campaign("website", "organic", 3.0, 0.3, -0.1),
    Campaign("seo_guides", "organic", 1.5, -0.2, 0.3),
    Campaign("search_brand", "paid_search", 1.0, 0.7, -0.3),
    Campaign("search_generic", "paid_search", 1.5, 0.0, -0.4),
    Campaign("search_compare", "paid_search", 0.8, 0.5, 0.2, 0.35),
    Campaign("social_ebook_spring", "paid_social", 1.2, -0.7, 0.0, 0.0, 0.3),
    Campaign("social_ebook_autumn", "paid_social", 1.2, -0.6, 0.0, 0.25, 0.6),
    Campaign("social_ai_quality", "paid_social", 1.5, -0.9, 0.5, 0.55),
    Campaign("newsletter_swap", "newsletter", 0.8, -0.1, 0.2),
    Campaign("integrators", "partner", 0.7, 1.0, -0.2),
    Campaign("audit_webinars", "webinar_platform", 1.3, 0.2, 0.1),
    Campaign("expert_talks", "webinar_platform", 0.8, 0.4, -0.2, 0.4),
)


@dataclass(frozen=True)
class Fair:
    """A trade fair: three days, by share of the period, and how much of all cards it brings."""

    name: str
    at: float
    weight: float


FAIRS: tuple[Fair, ...] = (
    Fair("quality_days_autumn", 0.14, 1.0),
    Fair("factory_tec_winter", 0.33, 0.7),
    Fair("control_expo_spring", 0.44, 1.4),
    Fair("quality_days_autumn_2", 0.64, 1.1),
    Fair("factory_tec_winter_2", 0.79, 0.7),
    Fair("control_expo_spring_2", 0.90, 1.2),
)
FAIR_DAYS = 3
HANDOVER_DAYS_AFTER = 2
"""Cards are handed to sales together, this many days after the fair's last day."""

CAMPAIGN_NAMES: tuple[str, ...] = (*(c.name for c in CAMPAIGNS), *(f.name for f in FAIRS))


def draw_campaigns(
    rng: np.random.Generator, *, share_of_period: np.ndarray, interested: np.ndarray, learner: np.ndarray
) -> np.ndarray:
    """Return an index into `CAMPAIGNS` for each lead, likelier where the campaign's quality suits the lead.

    Parameters
    ----------
    share_of_period : ndarray of float
        When the lead was created, from 0 (first day) to 1 (last day).
    interested : ndarray of bool
        Latent: whether the lead belongs to a buying project.
    learner : ndarray of bool
        Students and applicants: they come by search and social media rather than through partners.
    """
    best = np.full(len(interested), -np.inf)
    chosen = np.zeros(len(interested), dtype=np.int64)
    side = np.where(interested, 0.5, -0.5)
    for index, campaign in enumerate(CAMPAIGNS):
        quality = campaign.quality + campaign.drift * (share_of_period - 0.5)
        running = (share_of_period >= campaign.start) & (share_of_period <= campaign.end)
        logit = np.log(campaign.weight) + side * quality - np.where(learner & (campaign.channel == "partner"), 2.5, 0)
        drawn = np.where(running, logit + rng.gumbel(size=len(side)), -np.inf)
        better = drawn > best
        best, chosen = np.where(better, drawn, best), np.where(better, index, chosen)
    return chosen


def channel_of_campaign(campaign: np.ndarray) -> np.ndarray:
    """Return an index into `CHANNELS` for indices into `CAMPAIGN_NAMES`."""
    lookup = np.array([CHANNELS.index(c.channel) for c in CAMPAIGNS] + [TRADE_FAIR] * len(FAIRS))
    channels: np.ndarray = lookup[campaign]
    return channels
