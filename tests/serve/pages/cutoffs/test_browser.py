"""The page on cut-offs in a real browser: keyboard alone, no JavaScript, live, readable, on two sheets."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from serve import ServeSettings

pytestmark = pytest.mark.browser

CONTRAST = Path(__file__).parent.with_name("contrast.js")
ASKED = "/cutoffs?lang=en&sal=2&mql=12&promise=8"


def test_by_keyboard_alone(page: Page) -> None:
    page.goto("/cutoffs?lang=en")
    page.get_by_label("Leads a week to sales (SAL)", exact=True).focus()
    page.keyboard.type("2")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "range"  # the slider follows its field
    assert page.evaluate("document.activeElement.value") == "2"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("ArrowRight")
    assert page.get_by_label("Leads a week to sales (SAL)", exact=True).input_value() == "3"
    for _ in range(30):
        if page.evaluate("document.activeElement.textContent") == "Work it out":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**sal=3*")
    expect(page.locator("#answer")).to_contain_text("per_week: 3.0")


def test_it_follows_while_sliding_and_the_address_keeps_it(page: Page) -> None:
    page.goto(ASKED)
    before = page.locator("#answer").inner_text()
    said = page.locator("#said").inner_text()
    page.evaluate("window.stays = true")
    slider = page.get_by_label("Slider: MQLs a week")
    slider.fill("15")
    page.wait_for_url("**mql=15*")
    expect(page.locator("#said")).not_to_have_text(said)
    assert page.evaluate("window.stays")  # the page was not loaded anew
    assert page.locator("#answer").inner_text() != before
    expect(page.locator("#status")).to_have_text(page.locator("#said").inner_text())
    again = page.locator("#answer").inner_text()
    page.reload()
    assert page.locator("#answer").inner_text() == again


def test_a_wrong_number_is_told_and_the_answer_stays(page: Page) -> None:
    page.goto(ASKED)
    before = page.locator("#answer").inner_text()
    answered: list[int] = []

    def quietly(route: Route) -> None:
        """Pass on as 200: a browser notes a refused request on its console, and the fixture counts that."""
        response = route.fetch()
        answered.append(response.status)
        route.fulfill(response=response, status=200)

    page.route("**/cutoffs?*", quietly)
    page.get_by_label("MQLs a week", exact=True).fill("many")
    expect(page.locator("#status")).to_contain_text("expected a number above 0")
    assert answered == [422]
    assert page.locator("#answer").inner_text() == before
    assert page.get_by_label("MQLs a week", exact=True).get_attribute("aria-invalid") is not None


def test_it_works_without_javascript(browser: Browser, address: str, session: Any) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False, locale="en-GB", storage_state=session)
    page = context.new_page()
    page.goto("/cutoffs")
    page.get_by_label("MQLs a week", exact=True).fill("30")
    page.get_by_role("button", name="Work it out").click()
    page.wait_for_url("**mql=30*")
    expect(page.locator("#said")).to_be_visible()
    expect(page.locator("input[type=range]")).to_have_count(0)
    page.locator("table.list a").first.click()
    expect(page.locator("table.reasons")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [320, 768, 1280])
@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_is_cut_off(page: Page, width: int, language: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(ASKED.replace("lang=en", f"lang={language}"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_text_has_enough_contrast(page: Page) -> None:
    page.goto(ASKED)
    for summary in page.locator("summary").all():
        if summary.evaluate("element => !element.parentElement.open"):
            summary.click()
    assert page.evaluate(CONTRAST.read_text()) == []


def test_the_picture_says_in_words_what_it_shows(page: Page) -> None:
    page.goto(ASKED)
    for stage in ("MQL", "SAL"):
        picture = page.locator(f"section:has(#stage-{stage}) svg.plot")
        words = str(picture.get_attribute("aria-label"))
        marks = page.locator(f"section:has(#stage-{stage}) .legend li").all_inner_texts()[:3]
        assert marks
        for mark in marks:
            assert mark.strip() in words
        assert page.locator(f"section:has(#stage-{stage}) details table tbody tr").count() > 3


def test_it_prints_on_two_sheets_with_room_to_sign(page: Page) -> None:
    page.goto(ASKED.replace("mql=12", "mql=60"))
    page.emulate_media(media="print")
    for hidden in ("header.top", "button.go", "input[type=range]", "pre"):
        assert not page.locator(hidden).first.is_visible(), hidden
    for shown in ("#agreed", ".signatures .line", "table.list", "svg.plot"):
        assert page.locator(shown).first.is_visible(), shown
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", paper)) == 2


@pytest.fixture(scope="module")
def shown(request: pytest.FixtureRequest, start_server: Callable[..., Any], api_key: str) -> Iterator[str]:
    """The server for pictures: over the run that LEADSCORE_DEMO_OUT names, else the small demo run."""
    out = os.environ.get("LEADSCORE_DEMO_OUT")
    if out is None:
        yield request.getfixturevalue("address")
        return
    with start_server(ServeSettings(out=Path(out), api_key=api_key)) as url:
        yield url


def test_pictures_for_the_documentation(browser: Browser, shown: str, api_key: str, tmp_path: Path) -> None:
    """LEADSCORE_SCREENSHOTS names the folder that gets them (``make screenshots``); otherwise they are thrown away."""
    folder = Path(os.environ.get("LEADSCORE_SCREENSHOTS", tmp_path))
    context = browser.new_context(base_url=shown, locale="en-GB", viewport={"width": 1120, "height": 900})
    page = context.new_page()
    small = "LEADSCORE_DEMO_OUT" not in os.environ
    page.goto("/cutoffs?lang=en&sal=1&mql=12" if small else "/cutoffs?lang=en&sal=10&mql=60&promise=40")
    page.fill("#key", api_key)
    page.keyboard.press("Enter")
    page.wait_for_selector("#answer")
    page.evaluate("document.querySelectorAll('details[open]').forEach((one) => one.removeAttribute('open'))")

    def picture(name: str, first: str, last: str) -> None:
        top = page.locator(first).bounding_box()
        end = page.locator(last).bounding_box()
        assert top is not None
        assert end is not None
        clip = {"x": 0, "y": max(top["y"] - 12, 0), "width": 1120, "height": end["y"] + end["height"] - top["y"] + 24}
        file = folder / f"{name}.png"
        page.screenshot(path=file, full_page=True, clip=clip)
        assert file.stat().st_size < 400_000

    picture("cutoffs-page", "h1", ".follows")
    picture("cutoffs-sides", "#answer > .sides", "section:has(#people)")
    picture("cutoffs-monday", "section:has(#moves)", "section:has(#monday)")
    picture("cutoffs-sign", "section:has(#agreed)", "section:has(#agreed)")
    context.close()
