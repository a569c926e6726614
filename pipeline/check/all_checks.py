"""Every check of ``leadscore check``, in the order in which they are told."""

from __future__ import annotations

from features.checks import Registry
from pipeline.check.check import SourceCheck
from pipeline.check.event_checks import Families, SilentFamilies, UnusedEvents
from pipeline.check.leak_checks import ColumnLeaks, EventTypeLeaks, SomethingLater
from pipeline.check.machine_checks import MachineActs
from pipeline.check.missing_checks import AbsentEvents, GapsOfColumns, GapsOfFamilies, RejectsOfOneOutcome
from pipeline.check.outcome_checks import OutcomesSuffice, StagesReached
from pipeline.check.person_checks import PersonsInFit
from pipeline.check.table_checks import RejectedRows, Tables, WouldStop
from pipeline.check.time_checks import LonelyNewest, NeverLookedAt, SilenceAtTheEnd, UnknownTimesNamed

CHECKS: Registry[SourceCheck] = Registry(
    Tables(),
    RejectedRows(),
    ColumnLeaks(),
    Families(),
    EventTypeLeaks(),
    MachineActs(),
    AbsentEvents(),
    RejectsOfOneOutcome(),
    GapsOfFamilies(),
    GapsOfColumns(),
    StagesReached(),
    OutcomesSuffice(),
    NeverLookedAt(),
    SilentFamilies(),
    UnusedEvents(),
    PersonsInFit(),
    UnknownTimesNamed(),
    LonelyNewest(),
    SilenceAtTheEnd(),
    SomethingLater(),
    WouldStop(),
)
