"""Seniority and function as a job title tells them, in German and English.

Titles are first made plain: lower case, umlauts written out, gendered endings joined, signs turned into spaces. Then
ordered rules are tried; the first that matches wins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

REMEMBERED = 65_536
"""So many titles are not read again."""


@dataclass(frozen=True)
class Rule:
    """A result for titles that match ``pattern`` and do not match ``unless``."""

    result: str
    pattern: str
    unless: str | None = None


_LETTERS = (
    ("\u0308", "e"), ("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("é", "e"), ("è", "e"), ("ê", "e"),
    ("ç", "c"), ("á", "a"), ("à", "a"), ("ó", "o"), ("ô", "o"), ("í", "i"), ("ñ", "n"),
)  # fmt: skip

_REWRITES = tuple(
    (re.compile(pattern, re.ASCII), written)
    for pattern, written in (
        (r"\([mwdfxigna]([/|,. ]+([mwdfxi]|gn|divers|a))*\)", " "),  # (m/w/d)
        (r"([:*_/]-?|-)in(nen)?\b|\(in(nen)?\)", "in"),  # Leiter:in, Leiter*in, Leiter/-in, Leiter(in)
        (r"\be-?commerce\b", "ecommerce"),
        (r"[^a-z0-9&+]+", " "),
        (r"\b(r ?& ?d|f ?& ?e)\b", "rnd"),
        (
            r"\b[a-z]*(halbleiter|wellenleiter|supraleiter|begleit|rohrleit|anleit|ableitung|weiterleit)[a-z]*",
            "thing",
        ),
    )
)

_LEADS_A_TEAM = r"\b(projekt|team|gruppen|schicht|bau|filial|objekt|kampagnen|teilprojekt|markt|lager)leit"
_OFFICE_OF = r"\b(ceo|cfo|coo|cto|cio) office\b|\boffice of the\b|\bchief of staff\b|\bto the (ceo|cfo|cto|coo|cio)\b"

SENIORITY_RULES: tuple[Rule, ...] = (
    Rule(
        "student",
        r"\b(werk|master|bachelor|dual[a-z]* )?student(in|en)?\b|\bstudier|\bstudentische|\bpraktika?nt|\bpraktikum\b"
        r"|\bintern\b|\binternship\b|\btrainee\b|\bazubi|\bauszubild|\blehrling|\bdoktorand|\bphd (student|candidate)"
        r"|\bschueler(in)?\b|\b(bachelor|master)and|\bdiplomand|\bvolontaer|\bapprentice\b|\bhiwi\b",
        r"\bleit(er|ung)|\b(head|director|manager|professor|betreu[a-z]*|services?|affairs|recruiter)\b",
    ),
    Rule(
        "assistant",
        r"assisten(t|tin|z)\b|\bassistant\b|sekretaer(in)?\b|sekretariat\b|\bsecretary\b|\boffice manager|\bpa to\b"
        r"|\bteamassisten|\bvorzimmer",
        r"\bassistant (manager|director|vice|professor|general|head|controller)|\bassistant [a-z]+ manager\b"
        r"|generalsekretaer|staatssekretaer|\b(general|company) secretary|\bwissenschaftlich|assistenzsysteme"
        r"|\b(leiter|leiterin|leitung|head) ",
    ),
    Rule(
        "specialist",
        r"\b(mitarbeiter|referent|sachbearbeiter)(in)?\b|\bwissenschaftliche[a-z]* assistent",
        r"\bleit(er|erin|ung)\b|\bhead\b|\bmitglied\b",
    ),
    Rule(
        "c_level",
        r"\b(ceo|cfo|cto|cio|coo|cmo|cpo|cso|cdo|chro|ciso|cro|cco)\b|\bchief( [a-z]+){1,3} officer|\bchief executive"
        r"|geschaeftsfuehr(er|erin|ung|end[a-z]*)\b|\bgeschaeftsleit(er|erin|ung)\b|vorstand\b|\bvorstands(mitglied|vor)"
        r"|vorstaendin\b|vorstandsvorsitz|\binhaber(in)?\b|eigentuemer(in)?\b|gruender(in)?\b|founder\b|\bowner\b"
        r"|\bmanaging (director|partner)|\bgeneral manager|\bpresident\b|\bgf\b|\bunternehmer(in)?\b|\bentrepreneur\b"
        r"|\bgesellschafter(in)?\b|\bboard member|\bmember of the (management |executive )?board",
        rf"\bvice president|\b(product|process|service|risk|data|project|budget) owner|{_OFFICE_OF}|\bhead of\b",
    ),
    Rule("manager", _LEADS_A_TEAM, r"\b(leiter|leiterin|leitung|head|director|vp|bereichsleit|abteilungsleit)"),
    Rule(
        "head",
        r"\b(head|vp|svp|evp|avp|vice president|director|direktor|direktorin|prokurist|prokuristin)\b"
        r"|(leiter|leiterin|leitung)\b|\bleiter[a-z]* der\b|\bchef(in)?\b|\b[a-z]*chef(in)?\b|\bchef[a-z]+",
        r"\b(art|creative|film|music) director",
    ),
    Rule(
        "manager",
        r"manager(in)?\b|\blead\b|\bleader\b|\bteamlead\b|\bsupervisor\b|\bforeman\b|\bproduct owner|\bscrum master"
        r"|\b(industrie|werk|schicht|produktions)?meister(in)?\b|\bleitend[a-z]*|\bchief of staff|\bprincipal\b"
        r"|koordinator(in)?\b|\bcoordinator\b",
        r"\blead (gen|generation|nurtur|management|qualif)[a-z]* (specialist|expert|representative)",
    ),
    Rule(
        "specialist",
        r"ingenieur|engineer\b|entwickl|developer|specialist|spezialist|analyst|consultant|berater|buyer|einkaeufer"
        r"|\bcontroller|buchhalter|accountant|techniker|technician|administrat|architekt|architect|designer|redakteur"
        r"|kauf(mann|frau|leute)|sachbearbeit|mitarbeit|referent|fachkraft|expert|officer|representative|\bagent\b"
        r"|scientist|programmier|planer|\bplanner|disponent|mechanik|elektronik|mechatronik|operator|verkaeufer"
        r"|vertriebler|professor|dozent|lehrer|teacher|researcher|wissenschaftl|jurist|anwalt|lawyer|auditor|pruefer"
        r"|recruiter|\bcoach|trainer|associate|\bclerk|editor|\bwriter|tester|\bart director|\bcreative director"
        r"|beauftragte|konstrukteur|laborant|salesperson|(process|service|risk|data) owner|monteur"
        r"|\bsdr\b|\bbdr\b|informatiker|chemiker|physiker|\bexecutive\b|\bsales rep",
    ),
)
"""Ordered: students and assistants before the rank that their title names beside them."""

FUNCTION_RULES: tuple[Rule, ...] = (
    Rule(
        "purchasing", r"einkauf|einkaeuf|purchas|procure|beschaff|\bbuyer\b|\bsourcing|materialwirtschaft|supply chain"
    ),
    Rule("quality", r"qualitaet|quality|\bqm\b|\bqs\b|\bqa\b|\bqmb\b"),
    Rule(
        "hr",
        r"\bhr\b|human resources|\bpersonal(leit|abteil|wesen|referent|entwick|chef|manage|sachbearb|dienst|er)"
        r"|\bpersonal\b|recruit|\btalent|\bpeople\b|\bchro\b|payroll|ausbildungsleit|\bausbilder|employer brand",
        r"\bpersonal (assist|trainer|bank)",
    ),
    Rule(
        "marketing",
        r"marketing|\bcmo\b|\bbrand\b|kommunikation\b|unternehmenskommunikation|\bcommunications?\b|\bpr\b"
        r"|public relations|\bcontent\b|\bseo\b|\bsea\b|social media|\bwerbung|\bcampaign|kampagne|\bevents?\b"
        r"|eventmanage|demand gen|lead gen",
        r"\bcommunications? (engineer|technology|systems)",
    ),
    Rule(
        "finance",
        r"finanz|\bfinanc|\bcfo\b|controlling|\bcontroller|buchhalt|\baccounting|accountant|treasur|\bsteuer(n|berat|fach)?\b"
        r"|steuerberat|\btax\b|rechnungswesen|\baudit|\brevision\b|kaufmaennisch|\bbilanz",
    ),
    Rule(
        "sales",
        r"vertrieb|verkauf|verkaeuf|\bsales\b|\baccount (manage|executive|director)|\bkey account|\bkam\b"
        r"|business development|aussendienst|innendienst|\bcso\b|\bcro\b|\brevenue\b|\bsdr\b|\bbdr\b",
    ),
    Rule(
        "it",
        r"\bit\b|\bedv\b|\bict\b|informatik|wirtschaftsinformat|\binformation(s)? (tech|secur|syst)|informationstech"
        r"|software|\bdev ?ops|developer|webentwick|anwendungsentwick|\bdata\b|datenbank|database|\bdatenschutz"
        r"|system(admin|integr|s admin| admin)|\badministrator|\bcio\b|\bcto\b|chief technology|\bciso\b|\bcloud\b"
        r"|\bcyber|netzwerk|\bnetwork|\berp\b|\bsap\b|\bcrm\b|salesforce admin|digital|programmier|full ?stack|backend"
        r"|frontend|machine learning|\bai\b|\bki\b|\bcdo\b",
    ),
    Rule(
        "research",
        r"forschung|\bresearch|\brnd\b|\bf u e\b|wissenschaft|scientist|professor|doktorand|\blabor|\blab\b|\bphd\b",
    ),
    Rule(
        "production",
        r"produktion|production|fertigung|manufactur|\bwerk(s)?leit|\bwerk\b|montage|monteur|betriebsleit|\bplant\b"
        r"|instandhalt|\bmaintenance|\boperations\b|schichtleit|\b(industrie|werk|schicht|produktions)meister|\blean\b"
        r"|arbeitsvorbereitung|\bcoo\b|chief operating|\bmaschinen(fuehr|bedien)",
    ),
    Rule(
        "engineering",
        r"ingenieur|engineer|konstruktion|konstrukteur|entwicklung|entwickler|techniker|technik\b|technisch|technolog"
        r"|\btechnical|\bmechan|mechatronik|elektro|\bcad\b|automatisierung|automation|hardware|embedded|\bbauleit"
        r"|\barchitekt\b",
        r"unternehmensentwicklung|organisationsentwicklung",
    ),
    Rule(
        "management",
        r"geschaeftsfuehr|geschaeftsleit|vorstand|vorstaend|\bceo\b|chief executive|\binhaber|eigentuemer|founder"
        r"|gruender|\bmanaging (director|partner)|\bgeneral manager|president\b|\bowner\b|unternehmer|gesellschafter"
        r"|\bgf\b|\bboard\b|strateg|unternehmensentwicklung|\bentrepreneur|\bchief of staff",
        r"\b(product|process|service|project) owner",
    ),
    Rule(
        "other",
        r"product|produkt|projekt|project|\blegal|\brecht|jurist|anwalt|lawyer|compliance|logisti|\blager|warehouse"
        r"|kunden|customer|service|support|facilit|empfang|office|umwelt|nachhaltig|sustainab|arbeitssicherheit|\behs\b"
        r"|\bhse\b|lehrer|teacher|\barzt|chefarzt|medical|pflege|consult|berater|verwaltung|administration|sekret"
        r"|assistant|assisten|trainer|\bcoach|disponent|\b(art|creative) director|organisation|design"
        r"|\bbau|immobil|redakt",
    ),
)
"""Ordered: the special before the general, so that a head of sales is in sales and not in management."""


@lru_cache(maxsize=REMEMBERED)
def plain_title(title: str) -> str:
    """Return a title in lower case a-z, 0-9, ``&`` and ``+``, words apart by one space."""
    plain = title.lower()
    for letter, written in _LETTERS:
        plain = plain.replace(letter, written)
    for pattern, replacement in _REWRITES:
        plain = pattern.sub(replacement, plain)
    return plain


def seniority(title: str) -> str:
    """Return c_level, head, manager, specialist, assistant, student, or unknown for a title.

    Examples
    --------
    >>> [seniority(title) for title in ("Leiter:in Einkauf", "Werkstudentin")]
    ['head', 'student']
    """
    return _first_match(plain_title(title), SENIORITY_RULES)


def function(title: str) -> str:
    """Return management, it, purchasing, …, other, or unknown for a title."""
    return _first_match(plain_title(title), FUNCTION_RULES)


@cache
def _patterns(rules: tuple[Rule, ...]) -> tuple[tuple[str, re.Pattern[str], re.Pattern[str] | None], ...]:
    return tuple(
        (rule.result, re.compile(rule.pattern, re.ASCII), re.compile(rule.unless, re.ASCII) if rule.unless else None)
        for rule in rules
    )


@lru_cache(maxsize=REMEMBERED)
def _first_match(plain: str, rules: tuple[Rule, ...]) -> str:
    for result, pattern, unless in _patterns(rules):
        if pattern.search(plain) and not (unless and unless.search(plain)):
            return result
    return "unknown"
