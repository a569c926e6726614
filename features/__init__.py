"""Tables in, tables out: the as-of rule, snapshots, the feature list, feature rows, labels and the split.

Nothing here opens a file, reads a clock or knows a database server.
"""

from typing import TYPE_CHECKING

from features.lazy_exports import at_first_use, listed_names

if TYPE_CHECKING:
    from features.as_of import counts_as_outcome, is_known, is_matured
    from features.catalog.feature import Feature
    from features.engine import FeatureEngine, compute_features
    from features.errors import InputError
    from features.families.feature_list import feature_list
    from features.labelling.labels import build_labels
    from features.labelling.snapshots import history_snapshots, open_snapshots
    from features.labelling.time_split import SplitOptions, split_by_time
    from features.source_spec import FeatureOptions, SourceSpec
    from features.tables.facts import FactFrames
else:
    __getattr__, __dir__ = at_first_use(__name__), listed_names(__name__)

__all__ = [
    "FactFrames",
    "Feature",
    "FeatureEngine",
    "FeatureOptions",
    "InputError",
    "SourceSpec",
    "SplitOptions",
    "build_labels",
    "compute_features",
    "counts_as_outcome",
    "feature_list",
    "history_snapshots",
    "is_known",
    "is_matured",
    "open_snapshots",
    "split_by_time",
]
