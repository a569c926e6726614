"""How a reason is said to a salesperson: the latest acts with their days, where a lead stands, who it is.

Days are those of the company: ``timezone`` of the source says when a day ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from features.catalog.feature import Feature
from features.catalog.wording import plain_words
from features.families.source_rates import rated_columns
from features.families.stages import CURRENT_STAGE
from features.language.dates import date, days_ago, local, weekday_words
from features.language.languages import Words
from features.language.numbers import number, number_words, percent
from features.language.sentences import LEAD_SENTENCES, one_of, say_count, words
from features.source_spec import SourceSpec
from features.time_units import DAY_US
from models.scoring.subjects import (
    ACTIVE_DAYS,
    AGE,
    ARRIVAL,
    BANT_ANSWERS,
    DAYS_IN_STAGE,
    HIGH_INTENT,
    LAST_ACTIVE,
    PACE,
    RECYCLED,
    STAGE,
    act_subject,
)

Said = Mapping[str, Any]
"""A part of a score as JSON has it."""
DATED_DAYS = 60
"""From so many days on, people are told the day itself."""
NEVER_NAMED = 4
"""So many kinds of acts are named that a lead has never done; of more, nobody would listen."""
ALIKE = (0.87, 1.15)
"""Between these a campaign brings as many as the average."""
QUIET = {"high_intent": "reason.act.quiet.high_intent", "interest": "reason.act.quiet.interest"}
QUIET_DAYS = 7
"""Acts that lie so far back, and speak against the outcome, are told as the silence since."""
UNCLEAR = (None, "", "unknown")
"""Answers that are none."""
UNSAID = (*UNCLEAR, "other")
LEADERS = {"c_level", "management"}


def stage_words(stage: str) -> Words:
    """Return a stage with what it means, where its name is one of those that the field agrees on.

    Examples
    --------
    >>> stage_words("SRL").en, stage_words("Offer sent").en
    ('SRL (offered to sales)', 'Offer sent')
    """
    key = f"stage.{stage}"
    return words(key) if key in LEAD_SENTENCES.sentences("en") else Words.same(stage)


class WhenKeys(NamedTuple):
    """Sentences for today, for a number of days, and for a day by its date."""

    today: str
    days: str
    day: str


AGO = WhenKeys("ago.today", "ago.days", "ago.date")
SINCE = WhenKeys("since.today", "since.days", "since.date")


class Moment:
    """The moment of a score, by which days are counted.

    Parameters
    ----------
    now_us : int
        Microseconds since 1970, UTC.
    timezone : str
    """

    def __init__(self, now_us: int, timezone: str) -> None:
        self._now_us, self._timezone = now_us, timezone

    def before(self, days: float) -> datetime:
        """Return the moment so many days earlier, as the company's clocks showed it."""
        return local(self._us(days), self._timezone)

    def ago(self, days: float) -> Words:
        """Return when that was: today, yesterday, so many days ago, or the day itself."""
        return _when(AGO, self._midnights(days), self._day(days))

    def since(self, days: float) -> Words:
        """Return since when something has held."""
        return _when(SINCE, self._midnights(days), self._day(days))

    def _us(self, days: float) -> int:
        return self._now_us - round(days * DAY_US)

    def _midnights(self, days: float) -> int:
        return days_ago(self._us(days), self._now_us, self._timezone)

    def _day(self, days: float) -> datetime | None:
        return self.before(days) if self._midnights(days) > DATED_DAYS else None


def _when(keys: WhenKeys, midnights: int, day: datetime | None) -> Words:
    if day is not None:
        return words(keys.day, day=Words.each(lambda language: date(day, language)))
    return _days(keys, midnights)


@lru_cache(maxsize=1_000)
def _days(keys: WhenKeys, midnights: int) -> Words:
    return _counted(keys.days, midnights) if midnights else words(keys.today)


def _counted(key: str, count: float, **places: Words) -> Words:
    shown = Decimal(f"{count:.0f}")
    return Words.each(lambda language: say_count(key, language, shown, number=number_words(shown, language), **places))


class ReasonWords:
    """Words of reasons about more than one column.

    Parameters
    ----------
    spec : SourceSpec
    features : mapping of str to Feature
        By name.
    """

    def __init__(self, spec: SourceSpec, features: Mapping[str, Feature]) -> None:
        self._spec, self._features = spec, features
        self._place = {name: place for place, name in enumerate(features)}
        self._by_subject: dict[tuple[str, str], Callable[[Said, Moment], Words | None]] = {
            PACE: self._pace, STAGE: self._stage, ARRIVAL: self._arrival, BANT_ANSWERS: self._bant,
        }  # fmt: skip

    def of(self, part: Said, as_of_us: int) -> Words | None:
        """Return a reason in words; None where one column says it all.

        Parameters
        ----------
        part : mapping
            A reason as JSON has it.
        as_of_us : int
            The moment of its score.
        """
        moment = Moment(as_of_us, self._spec.timezone)
        if part.get("acts") is not None:
            return self._acts(part, moment)
        if part.get("beside") is None:
            return None
        if part["family"] == "source":
            return self._source(part)
        said = self._by_subject.get((part["family"], part["subject"]), self._together)
        return said(part, moment)

    def _acts(self, part: Said, moment: Moment) -> Words:
        acts: Sequence[Said] = part["acts"]
        subject = part["subject"]
        if not acts:
            return self._never(subject)
        timed, speaks_against = self._spec.unknown_times != "all", float(part.get("log_odds") or 0.0) < 0
        if timed and speaks_against and subject in QUIET and acts[0]["days"] >= QUIET_DAYS:
            things = _listed([self._thing(act["act"]) for act in acts])
            return words(QUIET[subject], since=moment.since(acts[0]["days"]), things=things)
        said = _joined([self._act(act, moment) for act in acts])
        is_little = speaks_against and subject in QUIET and len(acts) == 1 and acts[0]["times"] < 2
        return words("reason.act.only", acts=said) if is_little else said

    def _act(self, act: Said, moment: Moment) -> Words:
        thing = self._thing(act["act"])
        if self._spec.unknown_times == "all":
            return thing
        when = moment.ago(act["days"])
        if act["times"] < 2:
            return words("reason.act", thing=thing, when=when)
        times, days = _whole(act["times"]), _whole(act["within"])
        return words("reason.act.times", thing=thing, times=times, days=days, when=when)

    def _never(self, subject: str) -> Words:
        families = self._spec.model_families().items()
        named = [self._thing(name) for name, family in families if act_subject(family.actor, family.intent) == subject]
        if len(named) > NEVER_NAMED and subject != HIGH_INTENT[1]:
            return words("reason.act.nothing")
        return words("reason.act.never", things=one_of(named[:NEVER_NAMED]))

    def _thing(self, family: str) -> Words:
        declared = self._spec.events.get(family)
        return (declared.words if declared is not None else None) or plain_words(family)

    def _pace(self, part: Said, moment: Moment) -> Words | None:
        days, last = part["beside"].get(ACTIVE_DAYS), part["beside"].get(LAST_ACTIVE)
        if not days or last is None or self._spec.unknown_times == "all":
            return None
        return _counted("reason.pace", days, when=moment.ago(last))

    def _stage(self, part: Said, moment: Moment) -> Words | None:
        stage, days = part["beside"].get(CURRENT_STAGE), part["beside"].get(DAYS_IN_STAGE)
        if stage is None:
            return None
        if days is None or self._spec.unknown_times == "all":
            said = words("reason.stage.undated", stage=stage_words(stage))
        else:
            said = words("reason.stage", stage=stage_words(stage), since=moment.since(days))
        returned = part["beside"].get(RECYCLED) or 0
        if returned < (2 if stage in self._spec.recycled else 1):
            return said
        return words("reason.stage.returned", stage=said, times=_whole(returned))

    def _arrival(self, part: Said, moment: Moment) -> Words | None:
        age, feature = part["beside"].get(AGE), str(part["feature"])
        if age is None or self._spec.unknown_times == "all":
            return None
        arrived = moment.ago(age)
        if not feature.endswith(("_weekday", "_hour")):
            return words("reason.arrived", when=arrived)
        is_now = "_as_of_" in feature
        at = moment.before(0.0 if is_now else age)
        places: dict[str, Any] = {"weekday": weekday_words(at.weekday()), "hour": f"{at.hour}"}
        return words("reason.scored.at", **places) if is_now else words("reason.arrived.at", when=arrived, **places)

    def _bant(self, part: Said, moment: Moment) -> Words | None:
        answers = {
            name: part["beside"].get(f"fit_{name}") for name in self._spec.fit if f"fit_{name}" in part["beside"]
        }
        known = [self._value(f"fit_{name}", value) for name, value in answers.items() if value not in UNCLEAR]
        if known:
            return _joined(known)
        return words("reason.bant.nothing", names=_listed([self._title(name) for name in answers])) if answers else None

    def _together(self, part: Said, moment: Moment) -> Words | None:
        """Say several columns read from one, such as level and department of a job title."""
        values = {name: value for name, value in part["beside"].items() if value not in UNSAID}
        if len(set(values.values()) & LEADERS) > 1:  # a managing director in management says the same twice
            values = {name: value for name, value in values.items() if value != "management"}
        known = (name for name in values if name in self._place)  # a store may hand them over in another order
        named = [self._features[name] for name in sorted(known, key=self._place.__getitem__)]
        if part["subject"] not in self._spec.fit:
            return None
        if not named:
            return words("column.value.none", thing=self._title(part["subject"]))
        called = [dict(feature.values).get(str(values[feature.name])) for feature in named]
        texts = [text or Words.same(str(values[feature.name])) for feature, text in zip(named, called, strict=True)]
        return words("column.value", thing=self._title(part["subject"]), value=_listed(texts))

    def _source(self, part: Said) -> Words | None:
        name = part["subject"]
        value, lift = part["beside"].get(f"fit_{name}"), self._lift(part)
        if value is None or lift is None or name not in rated_columns(self._spec):
            return None if value is None else self._value(f"fit_{name}", value)
        called = self._spec.fit[name].value_words.get(str(value)) or plain_words(str(value))
        goal = self._spec.targets[self._spec.primary_target].stage
        places: dict[str, Any] = {
            "goal": goal,
            "name": words("reason.source.name", thing=self._title(name), value=called),
        }
        if lift < ALIKE[0]:
            less = Words.each(lambda language: percent(1 - lift, language, digits=0))
            return words("reason.source.less", share=less, **places)
        if lift <= ALIKE[1]:
            return words("reason.source.alike", **places)
        times = Words.each(lambda language: number(lift, language, digits=1))
        return words("reason.source.more", times=times, **places)

    @staticmethod
    def _lift(part: Said) -> float | None:
        lifts = [value for column, value in part["beside"].items() if column.startswith("source_")]
        return lifts[0] if lifts else None

    def _title(self, name: str) -> Words:
        return self._spec.fit[name].words or plain_words(name)

    def _value(self, column: str, value: Any) -> Words:
        feature = self._features.get(column)
        if feature is None:
            return Words.same(f"{column}: {value}")
        said = float(value) if isinstance(value, bool) else value
        return Words.each(lambda language: feature.say(said, language))


def _joined(sentences: Sequence[Words]) -> Words:
    return Words.each(lambda language: "; ".join(sentence.of(language) for sentence in sentences))


def _listed(names: Sequence[Words]) -> Words:
    return Words.each(lambda language: ", ".join(name.of(language) for name in names))


def _whole(value: float) -> Words:
    return Words.each(lambda language: number(value, language))
