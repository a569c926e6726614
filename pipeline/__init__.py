"""Everything that touches files, databases, clocks and MLflow: the stages, and the command line that runs them."""

from typing import TYPE_CHECKING

from features.lazy_exports import at_first_use, listed_names

if TYPE_CHECKING:
    from pipeline.runner.stages import RUN_STAGES, STAGES, Stage, StageContext, make_context, run_all, run_stage
    from pipeline.runner.workspace import Workspace
    from pipeline.settings.settings import Settings, parse_overrides, read_settings
    from pipeline.source.folder import Source, read_source
else:
    __getattr__, __dir__ = at_first_use(__name__), listed_names(__name__)

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
