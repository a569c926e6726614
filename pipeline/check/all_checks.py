"""Every check of ``leadscore check``, in the order in which they are told."""

from __future__ import annotations

from features.checks import Registry
from pipeline.check.check import SourceCheck
from pipeline.check.event_checks import Families, SilentFamilies, UnusedEvents
from pipeline.check.leak_checks import ColumnLeaks, EventTypeLeaks, SomethingLater
from pipeline.check.outcome_checks import OutcomesSuffice, StagesReached
from pipeline.check.table_checks import RejectedRows, Tables, TooManyRejects
from pipeline.check.time_checks import LonelyNewest, NeverLookedAt, SilenceAtTheEnd

CHECKS: Registry[SourceCheck] = Registry(
    Tables(),
    RejectedRows(),
    ColumnLeaks(),
    Families(),
    EventTypeLeaks(),
    StagesReached(),
    OutcomesSuffice(),
    NeverLookedAt(),
    SilentFamilies(),
    UnusedEvents(),
    LonelyNewest(),
    SilenceAtTheEnd(),
    SomethingLater(),
    TooManyRejects(),
)
