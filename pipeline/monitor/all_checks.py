"""Every check of ``leadscore monitor``, in the order in which they are made."""

from __future__ import annotations

from features.checks import Registry
from pipeline.monitor.check import MonitorCheck
from pipeline.monitor.gaming_check import Gaming
from pipeline.monitor.lead_checks import Idle, Maturing, Volume, Waiting
from pipeline.monitor.model_checks import FeatureDrift, PercentagesHold
from pipeline.monitor.promise_check import PromisesKept

CHECKS: Registry[MonitorCheck] = Registry(
    Gaming(),
    Volume(),
    Waiting(),
    Idle(),
    Maturing(),
    FeatureDrift(),
    PercentagesHold(),
    PromisesKept(),
)
