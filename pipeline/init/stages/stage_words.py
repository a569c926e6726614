"""What the name of a stage says: a win, a loss, back to marketing, or nothing; *not* turns a win into a loss."""

from __future__ import annotations

import re
from typing import Literal

from pipeline.init.id_links import plain_name

Sense = Literal["won", "lost", "recycled"]

_WON = re.compile(
    r"won|win|sold|convert|converted|activated|granted|hired|funded|issued|customer|client|signed|approved|success(ful)?|disbursed|purchased?|paid|enrolled|subscribed|"
    r"ordered|gewonnen|kundin|kunde|verkauft|abschluss|beauftragt|auftrag|unterschrieben|gekauft|bestellt|bezahlt|"
    r"konvertiert|konvertierung|konversion|conversion|erfolgreich|bewilligt|genehmigt|freigeschaltet|aktiviert|ausgezahlt|zugesagt|sale|sales_done|contract|vertrag|gewonnene?r?s?"
)
_SURE_WIN = re.compile(
    r"won|sold|converted|purchased?|activated|disbursed|paid|gewonnen|verkauft|gekauft|bezahlt|ausgezahlt|konvertiert|"
    r"unterschrieben|beauftragt"
)
_LOST = re.compile(
    r"lost|loss|loose|lose|declined?|cancel\w*|reject\w*|unqualified|disqualified|bad|wrong|duplicate|junk|spam|dead|"
    r"inactive|invalid|failed|refused|unsuccessful|unsold|unconverted|withdrawn|expired|abandoned|verloren\w*|abgelehnt\w*|"
    r"abgesagt|absage|storniert|dublette|duplikat|inaktiv|ungültig|ungueltig|gescheitert|verworfen|erfolglos|"
    r"disqualifiziert|unqualifiziert|falsch\w*|tot|zurückgezogen|abgebrochen|denied|churned"
)
_RECYCLED = re.compile(r"recycled?|nurture|nurturing|recycling|wiedervorlage|zurückgestellt")
_NOT = re.compile(r"not|no|non|never|without|nicht|kein|keine|keinen|ohne|nie")
_WANTED = re.compile(r"interest|interesse|decision|entscheidung|bedarf|budget|fit|need|deal|purchase|kauf|response")
_SUBJECT = re.compile(
    r"[a-z]|deal|lead|leads|opportunity|offer|application|order|request|case|quote|contract|loan|closed?|as|is|was|the|"
    r"wurde|ist|als|antrag|angebot|auftrag|vertrag|anfrage|chance|verkaufschance|geschäft|kredit|vorgang|geschlossen|"
    r"abgeschlossen|event|status|stage|marked|set|to|auf|gesetzt|by|customer|kunde|vom|von|made|completed|new|neu"
)
_STAGE = re.compile(
    r"mql|sql|sal|srl|sqo|lead|subscriber|opportunity|qualified|qualifiziert|marketing|prospect|interessent|contacted|"
    r"kontaktiert|demo|trial|proposal|angebot|negotiation|verhandlung|open|new|neu|offen|working|appointment|termin|"
    r"meeting|evaluation|discovery|engaged|accepted|akzeptiert|angenommen|closed|geschlossen|quote|evangelist"
)
_RUNG = re.compile(
    r"mql|sql|sal|srl|sqo|sqls|mqls|qualified|qualifizier(t|te|ter|tes|ung)|qualification|opportunity|verkaufschance|chance"
)
_OF_A_RUNG = re.compile(
    r"marketing|sales|vertrieb|accepted|akzeptiert|angenommen|created|opened|reached|became|becomes|entered|erreicht|"
    r"angelegt|eröffnet|erstellt|geworden|lifecycle|product|a|an|zum|zur|eine?"
)


def words_of(name: str) -> list[str]:
    """Return the words of a name in lower case."""
    return re.findall(r"[a-zäöüß]+", plain_name(name))


def stage_sense(name: str) -> Sense | None:
    """Say what the name of a stage says of the outcome, or None.

    Examples
    --------
    >>> stage_sense("Closed - Not Converted"), stage_sense("Kein Abschluss"), stage_sense("Closed - Converted")
    ('lost', 'lost', 'won')
    >>> stage_sense("Open - Not Contacted") is None
    True
    """
    words = words_of(name)
    if any(_RECYCLED.fullmatch(word) for word in words):
        return "recycled"
    negated = any(_NOT.fullmatch(word) for word in words)
    won, lost = (any(pattern.fullmatch(word) for word in words) for pattern in (_WON, _LOST))
    if negated and (won or lost or any(_WANTED.fullmatch(word) for word in words)):
        return "won" if lost and not won else "lost"
    if lost:
        return "lost"
    return "won" if won else None


def is_a_win_beyond_doubt(name: str) -> bool:
    """Whether a name speaks of a deal that was won, and of nothing smaller that may be ordered or subscribed."""
    return stage_sense(name) == "won" and any(_SURE_WIN.fullmatch(word) for word in words_of(name))


def says_only_the_outcome(name: str) -> bool:
    """Whether all words of a name are of an outcome and of what it is the outcome of: no page, mail or call.

    Examples
    --------
    >>> says_only_the_outcome("A_DECLINED"), says_only_the_outcome("Deal won"), says_only_the_outcome("contract page")
    (True, True, False)
    """
    patterns = (_WON, _LOST, _NOT, _WANTED, _SUBJECT)
    return all(any(pattern.fullmatch(word) for pattern in patterns) for word in words_of(name))


def speaks_of_stages(name: str) -> bool:
    """Whether a name is one that funnels use for a rung or an end."""
    return stage_sense(name) is not None or any(_STAGE.fullmatch(word) for word in words_of(name))


def is_sales_qualified(name: str) -> bool:
    """Whether a name means that sales has confirmed the interest."""
    words = words_of(name)
    return "sql" in words or ("sales" in words and "qualified" in words) or "sqo" in words


def names_a_rung(name: str) -> bool:
    """Whether a name says that a lead reached a rung of the funnel, and nothing else: no page, mail or call.

    Examples
    --------
    >>> names_a_rung("Lead Qualified"), names_a_rung("SQL erreicht"), names_a_rung("Opportunity Created")
    (True, True, True)
    >>> names_a_rung("Demo requested"), names_a_rung("Sales call"), names_a_rung("Lead disqualified")
    (False, False, False)
    """
    words = words_of(name)
    return (
        stage_sense(name) is None
        and any(_RUNG.fullmatch(word) for word in words)
        and all(any(pattern.fullmatch(word) for pattern in (_RUNG, _OF_A_RUNG, _SUBJECT)) for word in words)
    )
