"""A real browser: log in and read by keyboard alone, nothing blocked, nothing cut off, enough contrast, printable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

CONTRAST = Path(__file__).parent.with_name("contrast.js")


def test_from_the_list_to_the_reasons_by_keyboard(page: Page) -> None:
    first = page.locator("table.leads tbody th a").first
    name = first.inner_text()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(30):
        if page.evaluate("document.activeElement.textContent") == name:
            break
        page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_selector("table.reasons")
    assert page.locator("h1").inner_text() == f"Lead {name}"
    assert re.search(r"\d+ von 1\.?00+ Leads wie diesem erreichen SQL innerhalb von \d+ Tagen", page.inner_text(".big"))
    # the bars: as long as the numbers beside them, on the side that their sign says
    for row in page.locator("table.reasons tr:not(.part)").all():
        effect = float(row.locator("td.number").inner_text().replace("−", "-").replace(",", "."))
        bar, line = row.locator("rect").bounding_box(), row.locator("path").bounding_box()
        assert bar is not None
        assert line is not None
        if effect:
            assert (bar["x"] + bar["width"] / 2 > line["x"]) == (effect > 0)


def test_the_curve_rises_from_now_to_the_horizon_and_stands_beside_its_table(page: Page) -> None:
    page.goto("/leads?band=MQL")
    page.locator("table.leads tbody th a").first.click()
    page.wait_for_selector("table.when")
    picture = page.locator("svg.due")
    assert picture.get_attribute("aria-label").startswith("Wahrscheinlichkeit für SQL: innerhalb von ")
    points = picture.locator("polyline").get_attribute("points")
    heights = [float(point.split(",")[1]) for point in points.split()]
    assert heights == sorted(heights, reverse=True)  # downwards on a screen is less
    rows = page.locator("table.when tbody tr").all_inner_texts()
    assert rows[-2].startswith("innerhalb von 60 Tagen")
    assert rows[-1].startswith("Wenn, dann im Mittel nach")


def test_the_language_stays_while_reading(page: Page) -> None:
    page.get_by_role("link", name="English").click()
    expect(page.locator("h1")).to_have_text("Open leads by priority")
    page.locator("table.leads tbody th a").first.click()
    expect(page.locator("h2#why")).to_have_text("Why?")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator("h1")).to_have_text("Open leads by priority")


def test_search_filter_and_pages(page: Page) -> None:
    ids = page.locator("table.leads tbody th a").all_inner_texts()
    page.get_by_role("link", name="Nächste Seite").click()
    page.wait_for_url("**page=2*")
    assert not set(ids) & set(page.locator("table.leads tbody th a").all_inner_texts())
    page.get_by_label("Lead suchen").fill(ids[0].lower())
    page.keyboard.press("Enter")
    page.wait_for_url("**search=*")
    assert page.locator("table.leads tbody th a").all_inner_texts() == ids[:1]
    page.goto("/leads?lang=de")
    page.get_by_role("link", name=re.compile("^MQL")).click()
    page.wait_for_url("**band=MQL*")
    assert set(page.locator("table.leads tbody .band").all_inner_texts()) <= {"MQL"}


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_is_cut_off(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    lead = page.locator("table.leads tbody th a").first.get_attribute("href")
    for path in ("/leads", str(lead)):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_text_has_enough_contrast(page: Page) -> None:
    """WCAG AA: 4.5 to 1 between every text and what lies behind it."""
    lead = page.locator("table.leads tbody th a").first.get_attribute("href")
    for path in ("/leads", "/leads?band=reached", str(lead), "/login"):
        page.goto(path)
        weak = page.evaluate(CONTRAST.read_text())
        assert weak == [], path


def test_print_leaves_out_what_only_works_on_a_screen(page: Page) -> None:
    page.locator("table.leads tbody th a").first.click()
    page.emulate_media(media="print")
    expect(page.locator("table.reasons")).to_be_visible()
    expect(page.locator("header.top")).to_be_hidden()
    assert page.pdf()[:4] == b"%PDF"


def test_pages_work_without_javascript(browser: Browser, address: str, api_key: str) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto("/leads")
    page.fill("#key", api_key)
    page.get_by_role("button", name="Log in").click()
    page.locator("table.leads tbody th a").first.click()
    expect(page.locator("table.reasons")).to_be_visible()
    context.close()
