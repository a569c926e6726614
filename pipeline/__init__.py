"""Everything that touches files, databases, clocks and MLflow: the stages, and the command line that runs them."""

from typing import TYPE_CHECKING

from features.first_use import at_first_use

if TYPE_CHECKING:
    from pipeline.settings import Settings, parse_overrides, read_settings
    from pipeline.source_folder import Source, read_source
    from pipeline.stage import RUN_STAGES, STAGES, Stage, StageContext, make_context, run_all, run_stage
    from pipeline.workspace import Workspace
else:
    __getattr__ = at_first_use(__name__)

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
