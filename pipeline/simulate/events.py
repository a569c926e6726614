"""What can happen to a lead, and a compact form for millions of such happenings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

EVENT_TYPES = (
    "blog_read",
    "product_page_view",
    "career_page_view",
    "newsletter_open",
    "newsletter_click",
    "ebook_download",
    "webinar_registered",
    "webinar_attended",
    "case_study_download",
    "pricing_page_view",
    "price_list_download",
    "demo_request",
    "contact_form",
    "fair_card",
    "unsubscribe",
    "newsletter_sent",
    "sales_call",
    "sales_email",
    "sales_meeting",
    "offer_sent",
)
CODE = {name: code for code, name in enumerate(EVENT_TYPES)}
ACTORS = ("lead", "marketing", "sales")
_SALES = ("sales_call", "sales_email", "sales_meeting", "offer_sent")
ACTOR_OF_TYPE = np.array([1 if t == "newsletter_sent" else 2 if t in _SALES else 0 for t in EVENT_TYPES])
TOPICS = ("traceability", "spc", "audit", "gauge_management", "supplier_quality", "ai_inspection")
NO_TOPIC = -1


@dataclass(frozen=True)
class Events:
    """One row an event; arrays of equal length."""

    lead: np.ndarray
    """Row of the lead within its chunk."""
    time_us: np.ndarray
    """Microseconds since 1970."""
    kind: np.ndarray
    """Index into `EVENT_TYPES`."""
    topic: np.ndarray
    """Index into `TOPICS`, -1 for none."""
    quantity: np.ndarray
    """Seconds on a page, minutes in a webinar or call; NaN where nothing is counted."""

    def __len__(self) -> int:
        return len(self.lead)

    def where(self, keep: np.ndarray) -> Events:
        """Return the events that ``keep`` marks (or in the order that it gives)."""
        return Events(self.lead[keep], self.time_us[keep], self.kind[keep], self.topic[keep], self.quantity[keep])

    def in_order(self) -> Events:
        """Return the events by lead, then time, then type."""
        return self.where(np.lexsort((self.kind, self.time_us, self.lead)))


def make_events(
    lead: np.ndarray,
    time_us: np.ndarray,
    kind: np.ndarray | int,
    *,
    topic: np.ndarray | None = None,
    quantity: np.ndarray | None = None,
) -> Events:
    """Return events in their compact types; one ``kind`` may stand for all."""
    size = len(lead)
    return Events(
        lead=lead.astype(np.int32),
        time_us=time_us.astype(np.int64),
        kind=np.broadcast_to(np.asarray(kind, dtype=np.int8), size).copy(),
        topic=np.full(size, NO_TOPIC, dtype=np.int8) if topic is None else topic.astype(np.int8),
        quantity=np.full(size, np.nan, dtype=np.float32) if quantity is None else quantity.astype(np.float32),
    )


def together(*parts: Events) -> Events:
    """Return all events of several lots, unsorted."""
    return Events(
        lead=np.concatenate([p.lead for p in parts]),
        time_us=np.concatenate([p.time_us for p in parts]),
        kind=np.concatenate([p.kind for p in parts]),
        topic=np.concatenate([p.topic for p in parts]),
        quantity=np.concatenate([p.quantity for p in parts]),
    )
