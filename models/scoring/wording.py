"""How scores are said: rows keep names and numbers, and the words are found when somebody reads them.

The sentences are today's, made from the source and the feature options that the score's model was trained with; where a
later version has a column no more, the sentence that was saved with the model holds.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from features.catalog.feature import UNWRITTEN, Feature, counting
from features.families.feature_list import feature_list
from features.language.languages import LANGUAGES, Words
from features.language.sentences import words
from features.source_spec import Condition, FeatureOptions, SourceSpec
from features.time_units import parse_time
from models.rules.points import PointsRules
from models.rules.points_reasons import PointsReason, condition_words
from models.rules.sales_veto import VETO
from models.scoring.reason import OTHER, REACHED, Reason
from models.scoring.reason_words import ReasonWords, stage_words
from models.scoring.telling_order import as_told

if TYPE_CHECKING:
    from models.forecast.forecast import Forecast

Said = Mapping[str, Any]
"""A part of a score as JSON has it."""
REMEMBERED = 10_000
"""Sentences that are not worded again; the same rules and values come back in every answer."""
_UNSAID = ("log_odds", "percentage_points", "points")
"""Figures of a part that its sentence does not say."""


class ScoreWording(BaseModel):
    """What it takes to word the scores of a run, as JSON that is stored with the run.

    Attributes
    ----------
    spec, feature_options : dict
        The source and the feature options of the model.
    features : list of dict
        The feature list as it was saved with the model, words included.
    rules : dict or None
        The points rules; None where the source has none.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    spec: dict[str, Any]
    feature_options: dict[str, Any]
    features: list[dict[str, Any]]
    rules: dict[str, Any] | None

    @classmethod
    def of(cls, forecast: Forecast, rules: PointsRules | None) -> ScoreWording:
        """Return what the scores of a forecast and of rules are worded by."""
        return cls(
            spec=forecast.spec.model_dump(mode="json", by_alias=True),
            feature_options=forecast.feature_options.model_dump(mode="json"),
            features=_FEATURES.dump_python(forecast.features, mode="json", exclude={"__all__": set(UNWRITTEN)}),
            rules=None if rules is None else rules.model_dump(mode="json", by_alias=True),
        )

    @cached_property
    def sentences(self) -> ScoreSentences:
        """The words, read once. What this version of leadscore cannot read any more says its name."""
        saved = _FEATURES.validate_python(self.features)
        try:
            spec = SourceSpec.model_validate(self.spec)
            declared = feature_list(spec, FeatureOptions.model_validate(self.feature_options))
        except ValidationError:
            spec, declared = None, ()
        try:
            rules = None if self.rules is None else PointsRules.model_validate(self.rules)
        except ValidationError:
            rules = None
        return ScoreSentences((*counting(saved, declared), *declared), spec, rules)


@dataclass(frozen=True, kw_only=True)
class WordedReason(Reason):
    """A reason, and how it is said.

    Attributes
    ----------
    de, en : str
    """

    de: str
    en: str


def _told_apart(value: Any) -> Hashable:
    """Return what two values have in common only if they are said alike: 1, 1.0 and yes are equal to each other."""
    return value if isinstance(value, str) else (repr(value),)


def _tells_more(part: Said) -> bool:
    """Whether a part tells more than the value of one column."""
    return part.get("acts") is not None or part.get("beside") is not None


class ScoreSentences:
    """Words of score rows in every language.

    Parameters
    ----------
    features : sequence of Feature
        Of two with the same name, the later one speaks.
    spec : SourceSpec or None
        Words of columns, event families and exclusions.
    rules : PointsRules or None
        The rules that points come from.
    """

    def __init__(self, features: Sequence[Feature], spec: SourceSpec | None, rules: PointsRules | None) -> None:
        self._features = {feature.name: feature for feature in features}
        self._together = None if spec is None else ReasonWords(spec, self._features)
        self._spec = spec
        self._rules = rules
        self._known: dict[tuple[Hashable, ...], dict[str, Any]] = {}
        declared = (*(spec.exclusions if spec is not None else ()), *(rules.exclusions if rules is not None else ()))
        self._exclusions = {exclusion.name: exclusion.words for exclusion in reversed(declared)}

    def worded(self, row: Said) -> dict[str, Any]:
        """Return a score row with ``de`` and ``en`` in each of its lists; what has words already keeps them.

        Reasons stand as people are told them; see `models.scoring.telling_order.as_told`. Rows that were written before
        words were found on reading hold their own.
        """
        points = [self._with_words(part, self.points_reason) for part in row["points_reasons"]]
        change, as_of_us = row.get("change"), parse_time(row["as_of"]) if "as_of" in row else None
        compared = {} if change is None else {"change": self.changed(change, as_of_us)}
        return {
            **row,
            **compared,
            "reasons": [self._reason_with_words(part, as_of_us) for part in as_told(row["reasons"])],
            "exclusions": [self._with_words(part, self.exclusion) for part in row["exclusions"]],
            "gates_missing": [self._with_words(part, self.gate) for part in row["gates_missing"]],
            "points_reasons": sorted(points, key=lambda part: (-abs(part["points"]), part["en"])),
        }

    def changed(self, change: Sequence[Said], as_of_us: int | None) -> list[dict[str, Any]]:
        """Return the parts of a change with their words."""
        return [
            {**part, **self.cause(part, as_of_us).model_dump()}
            if _tells_more(part)
            else self._with_words(part, self.cause)
            for part in change
        ]

    def _reason_with_words(self, part: Said, as_of_us: int | None) -> dict[str, Any]:
        """Return a reason with its words; those of days hold for the day of the score alone and are not remembered."""
        if _tells_more(part) and not all(language in part for language in LANGUAGES):
            return {**part, **self.reason(part, as_of_us).model_dump()}
        return self._with_words(part, self.reason)

    def _with_words(self, part: Said, words_of: Callable[[Said], Words]) -> dict[str, Any]:
        if all(language in part for language in LANGUAGES):
            return dict(part)
        about = (words_of.__name__, *(_told_apart(value) for name, value in part.items() if name not in _UNSAID))
        words = self._known.get(about)
        if words is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            words = self._known[about] = words_of(part).model_dump()
        return {**part, **words}

    def worded_reasons(self, reasons: Sequence[Reason], as_of_us: int) -> tuple[WordedReason, ...]:
        """Return the reasons of one score with their words, as people are told them."""
        told = as_told([reason.to_json() for reason in reasons])
        return tuple(WordedReason(**part, **self.reason(part, as_of_us).model_dump()) for part in told)

    def reason(self, part: Said, as_of_us: int | None = None) -> Words:
        """Return one reason of a forecast in words; without the moment of its score only the column that speaks."""
        value = part["value"]
        if part["family"] == OTHER:
            return words("reason.other")
        if part["subject"].startswith(f"{REACHED}_"):
            return words("reason.reached", stage=stage_words(str(value)))
        told = None if self._together is None or as_of_us is None else self._together.of(part, as_of_us)
        if told is not None:
            return told
        feature = self._features.get(str(part.get("feature")))
        if feature is None:
            return Words.same(part["subject"])
        said = float(value) if isinstance(value, bool) else value
        return Words.each(lambda language: feature.say(said, language))

    def cause(self, part: Said, as_of_us: int | None = None) -> Words:
        """Return what moved a score in words: the subject where one is named, else the cause."""
        name = part["part"]
        if not part.get("feature"):
            return words(f"change.{name}")
        return words("change.named", subject=self.reason(part, as_of_us), cause=words(f"change.cause.{name}"))

    def exclusion(self, part: Said) -> Words:
        """Return why a lead is never promoted in words."""
        name = part["name"]
        return words(VETO) if name == VETO else self._exclusions.get(name) or Words.same(name)

    def gate(self, part: Said) -> Words:
        """Return a closed gate in words: what must still hold."""
        return condition_words(Condition.model_validate(part["condition"]), self._spec)

    def points_reason(self, part: Said) -> Words:
        """Return a rule that gave points in words."""
        reason = PointsReason(**part)
        found = None if self._rules is None else reason.words(self._rules, self._spec)
        return found or Words.same(reason.column or ", ".join(reason.families or ()))


_FEATURES: TypeAdapter[tuple[Feature, ...]] = TypeAdapter(tuple[Feature, ...])
