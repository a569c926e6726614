"""Everything that touches files, databases, clocks and MLflow: the stages, and the command line that runs them."""

from pipeline.settings import Settings, parse_overrides, read_settings
from pipeline.source_folder import Source, read_source
from pipeline.stage import RUN_STAGES, STAGES, Stage, StageContext, make_context, run_all, run_stage
from pipeline.workspace import Workspace

__all__ = [
    "RUN_STAGES",
    "STAGES",
    "Settings",
    "Source",
    "Stage",
    "StageContext",
    "Workspace",
    "make_context",
    "parse_overrides",
    "read_settings",
    "read_source",
    "run_all",
    "run_stage",
]
