"""What goes on in the simulated company: each phenomenon can be seen in its export."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from features.time_units import from_micros

if TYPE_CHECKING:
    from conftest import Company

DAY = pd.Timedelta("1D")


def test_the_funnel_narrows_as_in_a_company_of_this_kind(company: Company) -> None:
    share = {
        stage: company.stages.loc[company.stages["stage"] == stage, "lead_id"].nunique() / 3_000
        for stage in company.spec.ladder
    }
    assert 0.23 < share["MQL"] < 0.32
    assert 0.07 < share["SQL"] < 0.12
    assert 0.018 < share["WON"] < 0.04
    assert len(company.events) / 3_000 == pytest.approx(50, rel=0.05)


def test_a_price_list_says_little_first_and_much_after_three_pieces_of_content(company: Company) -> None:
    family = {event: name for name, declared in company.spec.events.items() for event in declared.types}
    acts = company.events[company.events["actor"] == "lead"].assign(family=lambda e: e["event_type"].map(family))
    order = acts.groupby("lead_id").cumcount()
    serious = acts["family"].isin(["ebook", "case_study", "webinar_registration"])
    before = serious.groupby(acts["lead_id"]).cumsum() - serious
    # Only what is old enough to be judged, and by leads that are still open and not yet qualified.
    reached = acts["lead_id"].map(company.first_entry("SQL", "WON"))
    lost = acts["lead_id"].map(company.first_entry("LOST"))
    end = from_micros(pd.Series([company.options.last_day]))[0]
    judged = (acts["family"] == "price_list") & (acts["occurred_at"] + 90 * DAY <= end)
    judged &= ~(reached <= acts["occurred_at"]) & ~(lost <= acts["occurred_at"])
    follows = (reached > acts["occurred_at"]) & (reached <= acts["occurred_at"] + 90 * DAY)
    first, after_content = follows[judged & (order == 0)], follows[judged & (before >= 3)]
    assert len(first) > 100
    assert len(after_content) > 100
    assert after_content.mean() > 2 * first.mean()


def test_students_are_busy_and_never_buy(company: Company) -> None:
    own = company.events[company.events["actor"] == "lead"].groupby("lead_id").size()
    kind = company.latents.set_index("lead_id")["kind"]
    busy = own.groupby(kind.reindex(own.index)).median()
    assert busy["student"] > 1.3 * busy["practitioner"]
    assert not company.first_entry("SQL").index.isin(kind.index[kind == "student"]).any()
    university = company.leads.set_index("lead_id")["email"].str.contains(
        r"edu|tum\.|rwth|uni-|ethz|tuwien", case=False
    )
    assert university[kind == "student"].fillna(False).mean() > 0.6
    assert university[kind == "practitioner"].fillna(False).mean() < 0.01


def test_trade_fair_cards_arrive_and_are_handed_over_in_batches(company: Company) -> None:
    cards = company.leads[company.leads["channel"] == "trade_fair"]
    assert 0.07 < len(cards) / len(company.leads) < 0.15
    assert cards["created_at"].dt.date.nunique() <= 18
    to_sales = company.stages[(company.stages["stage"] == "SRL") & company.stages["lead_id"].isin(cards["lead_id"])]
    moments = to_sales["entered_at"].value_counts().head(6)
    assert moments.sum() > 0.4 * len(cards)
    visits = company.events[company.events["event_type"].isin(["blog_read", "product_page_view"])]
    a_lead = visits.groupby("lead_id").size().reindex(company.leads["lead_id"], fill_value=0)
    practitioners = company.latents.loc[company.latents["kind"] == "practitioner", "lead_id"]
    a_lead = a_lead[a_lead.index.isin(practitioners)]
    is_card = a_lead.index.isin(cards["lead_id"])
    assert a_lead[is_card].mean() < 0.7 * a_lead[~is_card].mean()


def test_sales_follows_mostly_what_the_points_promote(company: Company) -> None:
    followed = company.first_entry("SRL")
    cards = company.leads.loc[company.leads["channel"] == "trade_fair", "lead_id"]
    followed = followed[~followed.index.isin(cards)]
    promoted = company.first_entry("MQL").reindex(followed.index) < followed
    assert 0.65 < promoted.mean() < 0.95
    sales = company.events[company.events["actor"] == "sales"]
    assert (sales["occurred_at"] > sales["lead_id"].map(company.first_entry("SRL"))).all()


def test_bant_is_filled_in_late_and_by_sales(company: Company) -> None:
    filled = company.changes[company.changes["value"] != "unknown"]
    assert set(filled["field"]) == {"budget", "authority", "need", "timeline"}
    assert (filled["changed_at"] > filled["lead_id"].map(company.first_entry("SRL"))).all()
    after_sql = filled["changed_at"] > filled["lead_id"].map(company.first_entry("SQL"))
    assert after_sql.mean() > 0.2


def test_the_newest_leads_are_undecided(company: Company) -> None:
    decided = company.first_entry("SQL", "WON", "LOST")
    created = company.leads.set_index("lead_id")["created_at"]
    is_decided = created.index.isin(decided.index)
    newest = created > created.max() - 60 * DAY
    old = created < created.max() - 365 * DAY
    assert is_decided[newest].mean() < 0.5 * is_decided[old].mean()
    deals = (company.first_entry("WON") - created).dropna() / DAY
    assert deals.median() > 40


def test_interest_decays(company: Company) -> None:
    created = company.leads.set_index("lead_id")["created_at"]
    researchers = company.latents.loc[company.latents["kind"] == "researcher", "lead_id"]
    visits = company.events[company.events["lead_id"].isin(researchers) & (company.events["event_type"] == "blog_read")]
    age = (visits["occurred_at"] - visits["lead_id"].map(created)) / DAY
    assert (age < 30).sum() > 3 * ((age >= 90) & (age < 120)).sum()


def test_nobody_is_written_to_after_unsubscribing(company: Company) -> None:
    left = company.events[company.events["event_type"] == "unsubscribe"].set_index("lead_id")["occurred_at"]
    assert left.index.is_unique
    assert len(left) > 100
    sent = company.events[company.events["event_type"] == "newsletter_sent"]
    assert (sent["actor"] == "marketing").all()
    late = sent["occurred_at"] > sent["lead_id"].map(left) + 7 * DAY
    assert not late.any()
