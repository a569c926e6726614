"""The sentences themselves, and the words for coded values, in German and English."""

from __future__ import annotations

from dataclasses import dataclass

from features.source_spec import Words


@dataclass(frozen=True)
class Phrase:
    """A sentence about a value and one for when there is none; ``{thing}``, ``{window}`` and ``{value}`` are filled."""

    de: str
    en: str
    none_de: str
    none_en: str


PHRASES: dict[str, Phrase] = {
    # who the lead is
    "value": Phrase("{thing}: {value}", "{thing}: {value}", "{thing}: nicht bekannt", "{thing}: not known"),
    "seniority": Phrase(
        "{thing}: Ebene {value}", "{thing}: level {value}", "{thing}: nicht bekannt", "{thing}: not known"
    ),
    "function": Phrase(
        "{thing}: Bereich {value}", "{thing}: department {value}", "{thing}: nicht bekannt", "{thing}: not known"
    ),
    "kind": Phrase("{thing}: {value}", "{thing}: {value}", "{thing}: nicht bekannt", "{thing}: not known"),
    "given": Phrase("{thing}: {value}", "{thing}: {value}", "{thing}: nicht angegeben", "{thing}: not given"),
    "completeness_share": Phrase(
        "Angaben zum Lead zu {value} ausgefüllt", "{value} of the lead's details are filled in", "—", "—"
    ),
    "bant_known_count": Phrase(
        "Bekannte BANT-Angaben: {value} von vier", "BANT answers known: {value} of four", "—", "—"
    ),
    # what the lead did
    "count": Phrase(
        "{thing}: {value}× in den letzten {window}",
        "{thing}: {value}× in the last {window}",
        "{thing}: noch nie",
        "{thing}: never so far",
    ),
    "count_ever": Phrase(
        "{thing}: bisher {value}×", "{thing}: {value}× so far", "{thing}: noch nie", "{thing}: never so far"
    ),
    "decayed": Phrase(
        "{thing}: verblassende Anzahl {value} (halbiert sich alle {window})",
        "{thing}: fading count {value} (halves every {window})",
        "{thing}: noch nie",
        "{thing}: never so far",
    ),
    "days_since_last": Phrase(
        "{thing}: zuletzt vor {value} Tagen",
        "{thing}: last {value} days ago",
        "{thing}: noch nie",
        "{thing}: never so far",
    ),
    "distinct_days": Phrase(
        "{thing}: aktiv an {value} Tagen",
        "{thing}: active on {value} days",
        "{thing}: noch nie",
        "{thing}: never so far",
    ),
    "trend": Phrase(
        "{thing}: {value} pro Woche gegenüber der Zeit davor",
        "{thing}: {value} a week compared with before",
        "{thing}: noch nie",
        "{thing}: never so far",
    ),
    "open": Phrase(
        "{thing}: noch offen: {value}", "{thing}: still open: {value}", "{thing}: noch nie", "{thing}: never so far"
    ),
    "hours": Phrase(
        "{thing}: bisher {value} Stunden daran gearbeitet", "{thing}: {value} hours of work so far", "—", "—"
    ),
    # order and tempo
    "days_since_created": Phrase("Seit {value} Tagen Lead", "A lead for {value} days", "—", "—"),
    "days_since_anchor": Phrase(
        "{thing}: erreicht vor {value} Tagen",
        "{thing}: reached {value} days ago",
        "{thing}: noch nicht erreicht",
        "{thing}: not reached yet",
    ),
    "as_of_weekday": Phrase("Bewertet an einem {value}", "Scored on a {value}", "—", "—"),
    "as_of_hour": Phrase("Bewertet gegen {value} Uhr (UTC)", "Scored at about {value} h (UTC)", "—", "—"),
    "created_weekday": Phrase("Eingegangen an einem {value}", "Arrived on a {value}", "—", "—"),
    "created_hour": Phrase("Eingegangen gegen {value} Uhr (UTC)", "Arrived at about {value} h (UTC)", "—", "—"),
    "first_family": Phrase(
        "Erster Kontakt: {value}", "First contact: {value}", "Noch keine Aktivität", "No activity yet"
    ),
    "last_family": Phrase(
        "Letzte Aktivität: {value}", "Latest activity: {value}", "Noch keine Aktivität", "No activity yet"
    ),
    "first_family_high_intent": Phrase(
        "Kam gleich mit klarer Kaufabsicht: {value}",
        "Came with clear buying intent at once: {value}",
        "Noch keine Aktivität",
        "No activity yet",
    ),
    "families_count": Phrase(
        "Verschiedene Arten von Aktivität: {value}", "Different kinds of activity: {value}", "—", "—"
    ),
    "sessions_count": Phrase("Besuche: {value}", "Visits: {value}", "—", "—"),
    "active_days_count": Phrase("Aktiv an {value} Tagen", "Active on {value} days", "—", "—"),
    "events_per_active_day": Phrase(
        "Aktivitäten je aktivem Tag: {value}",
        "Actions per active day: {value}",
        "Noch keine Aktivität",
        "No activity yet",
    ),
    "days_since_last_event": Phrase(
        "Zuletzt aktiv vor {value} Tagen", "Last active {value} days ago", "Noch keine Aktivität", "No activity yet"
    ),
    "days_between_last_two_active_days": Phrase(
        "Zuletzt {value} Tage zwischen zwei aktiven Tagen",
        "{value} days between the last two active days",
        "Noch keine zwei aktiven Tage",
        "Not yet active on two days",
    ),
    "mean_days_between_active_days": Phrase(
        "Im Mittel {value} Tage zwischen aktiven Tagen",
        "{value} days between active days on average",
        "Noch keine zwei aktiven Tage",
        "Not yet active on two days",
    ),
    "high_intent_count": Phrase(
        "Aktivitäten mit klarer Kaufabsicht: {value}", "Actions with clear buying intent: {value}", "—", "—"
    ),
    "low_intent_before_first_high_count": Phrase(
        "Leichte Inhalte vor der ersten klaren Kaufabsicht: {value}",
        "Light content before the first clear buying intent: {value}",
        "Noch keine klare Kaufabsicht",
        "No clear buying intent yet",
    ),
    "days_to_first_high_intent": Phrase(
        "Erste klare Kaufabsicht {value} Tage nach dem Eingang",
        "First clear buying intent {value} days after arriving",
        "Noch keine klare Kaufabsicht",
        "No clear buying intent yet",
    ),
    "high_intent_after_three_low_count": Phrase(
        "Klare Kaufabsicht nach mindestens drei leichten Inhalten: {value}×",
        "Clear buying intent after at least three pieces of light content: {value}×",
        "—",
        "—",
    ),
    "current_stage": Phrase("Steht auf Stufe {value}", "Stands at stage {value}", "Noch ohne Stufe", "No stage yet"),
    "days_in_stage": Phrase(
        "Seit {value} Tagen auf der jetzigen Stufe",
        "At the present stage for {value} days",
        "Noch ohne Stufe",
        "No stage yet",
    ),
    "stage_entries_count": Phrase("Stufenwechsel bisher: {value}", "Stage changes so far: {value}", "—", "—"),
    "recycled_count": Phrase("{value}× zurück ins Marketing gegeben", "Handed back to marketing {value}×", "—", "—"),
    "staff_count": Phrase(
        "Bisher beteiligte Mitarbeitende: {value}", "Members of staff involved so far: {value}", "—", "—"
    ),
    "handovers_count": Phrase(
        "Übergaben zwischen Mitarbeitenden: {value}", "Hand-overs between members of staff: {value}", "—", "—"
    ),
    "hours_to_stage": Phrase(
        "{thing} erreicht {value} Stunden nach dem Eingang",
        "{thing} reached {value} hours after arriving",
        "{thing} noch nicht erreicht",
        "{thing} not reached yet",
    ),
    # the others of the company
    "other_leads_count": Phrase(
        "Weitere Leads derselben Firma: {value}",
        "Other leads of the same company: {value}",
        "Firma nicht bekannt",
        "Company not known",
    ),
    "others_reached_count": Phrase(
        "Weitere Leads der Firma mit erreichtem Ziel ({thing}): {value}",
        "Other leads of the company that reached {thing}: {value}",
        "Firma nicht bekannt",
        "Company not known",
    ),
    "others_won_count": Phrase(
        "Weitere gewonnene Leads der Firma: {value}",
        "Other leads of the company that were won: {value}",
        "Firma nicht bekannt",
        "Company not known",
    ),
    "other_events_count": Phrase(
        "Aktivitäten weiterer Leads der Firma in den letzten {window}: {value}",
        "Actions by other leads of the company in the last {window}: {value}",
        "Firma nicht bekannt",
        "Company not known",
    ),
    "days_since_last_won": Phrase(
        "Firma zuletzt gewonnen vor {value} Tagen",
        "Company last won {value} days ago",
        "Firma noch nicht gewonnen",
        "Company not won yet",
    ),
    # where the lead came from
    "source_lift": Phrase(
        "{thing}: solche Leads erreichten das Ziel ({window}) bisher {value}-mal so oft wie der Durchschnitt",
        "{thing}: such leads reached {window} {value} times as often as the average so far",
        "{thing}: noch keine Erfahrung",
        "{thing}: no experience yet",
    ),
}

_WEEKDAYS = {
    "0": Words(de="Montag", en="Monday"),
    "1": Words(de="Dienstag", en="Tuesday"),
    "2": Words(de="Mittwoch", en="Wednesday"),
    "3": Words(de="Donnerstag", en="Thursday"),
    "4": Words(de="Freitag", en="Friday"),
    "5": Words(de="Samstag", en="Saturday"),
    "6": Words(de="Sonntag", en="Sunday"),
}

VALUE_WORDS: dict[str, dict[str, Words]] = {
    "seniority": {
        "c_level": Words(de="Geschäftsleitung", en="top management"),
        "head": Words(de="Leitung", en="head of department"),
        "manager": Words(de="Team- oder Projektverantwortung", en="manager"),
        "specialist": Words(de="Fachkraft", en="specialist"),
        "assistant": Words(de="Assistenz", en="assistant"),
        "student": Words(de="Studium oder Ausbildung", en="student or trainee"),
        "unknown": Words(de="nicht erkennbar", en="not recognisable"),
    },
    "function": {
        "management": Words(de="Unternehmensführung", en="management"),
        "it": Words(de="IT", en="IT"),
        "purchasing": Words(de="Einkauf", en="purchasing"),
        "quality": Words(de="Qualität", en="quality"),
        "production": Words(de="Produktion", en="production"),
        "sales": Words(de="Vertrieb", en="sales"),
        "marketing": Words(de="Marketing", en="marketing"),
        "hr": Words(de="Personal", en="human resources"),
        "finance": Words(de="Finanzen", en="finance"),
        "engineering": Words(de="Technik und Entwicklung", en="engineering"),
        "research": Words(de="Forschung", en="research"),
        "other": Words(de="anderer", en="other"),
        "unknown": Words(de="nicht erkennbar", en="not recognisable"),
    },
    "kind": {
        "company": Words(de="Firmenadresse", en="company address"),
        "free": Words(de="private Adresse", en="private address"),
        "university": Words(de="Hochschuladresse", en="university address"),
        "disposable": Words(de="Wegwerfadresse", en="throw-away address"),
        "unknown": Words(de="nicht erkennbar", en="not recognisable"),
    },
    "boolean": {"1": Words(de="ja", en="yes"), "0": Words(de="nein", en="no")},
    "given": {"1": Words(de="angegeben", en="given"), "0": Words(de="nicht angegeben", en="not given")},
    "as_of_weekday": _WEEKDAYS,
    "created_weekday": _WEEKDAYS,
}
