"""Runs, versions and their aliases in MLflow: an embedded SQLite store unless a server is named."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from features.errors import InputError
from models.forecast.forecast import Forecast
from pipeline.outputs.model_files import read_forecast
from pipeline.registry.candidate import Candidate
from pipeline.registry.mlflow_model import log_model, quiet_mlflow
from pipeline.registry.own_store import own_store
from pipeline.settings.settings import MlflowOptions

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

CHAMPION, CHALLENGER = "champion", "challenger"

SOURCE_TAG = "leadscore.source"
MODEL_TAG = "leadscore.model_hash"
RECORD_TAG = "leadscore.record_hash"
TEST_FROM_TAG = "leadscore.test_from"
DECISION_TAG = "leadscore.decision"
DECISIONS = "decisions"
"""Folder, among a run's files, of the decisions that were published with its model."""

RECEIPT_TAGS, SAID_TAGS = "receipt_", ("approved_by_", "refused_by_")
"""How tags begin that tell of a version's receipt, and of what was said of it."""

METRICS_A_CALL = 1_000
"""What MLflow takes at most."""


class ModelRegistry:
    """The versions of one source's model in MLflow.

    Parameters
    ----------
    tracking_uri : str
        An SQLAlchemy URL or the address of an MLflow server.
    experiment : str
        Name of the experiment that runs go into.
    source : str
        Name of the source; the registered model is called ``leadscore-<source>``.
    artifacts : Path, optional
        Where a new experiment keeps its files; None leaves that to the server.
    """

    def __init__(self, tracking_uri: str, *, experiment: str, source: str, artifacts: Path | None = None) -> None:
        self.tracking_uri, self.source, self.name = tracking_uri, source, f"leadscore-{source}"
        self._experiment, self._artifacts = experiment, artifacts

    def add(self, candidate: Candidate) -> str:
        """Log a run with its model and register a version of it; the same model again is the same version.

        Returns
        -------
        str
            The version. It now also bears the alias ``challenger``, unless it has no receipt and another one with a
            receipt bears it, which may be waiting for signatures.

        Notes
        -----
        Each step looks first whether an interrupted call has already done it. A run that was left half-way is marked
        failed.
        """
        with self._connected() as (mlflow, client):
            experiment_id = self._experiment_id(client)
            self._fail_unfinished(client, experiment_id)
            run = self._finished_run(client, experiment_id, candidate.hash)
            if run is None:
                run = client.get_run(self._log_run(mlflow, experiment_id, candidate))
            elif run.data.tags.get(RECORD_TAG) != candidate.record_hash:
                _log_record(client, run.info.run_id, candidate)
            version = self._version_of_run(client, run) or self._create_version(client, run, candidate)
            self._tag(client, version, candidate.tags)
            if self._may_challenge(client, version, candidate.tags):
                client.set_registered_model_alias(self.name, CHALLENGER, version)
        return version

    def version_of(self, alias: str) -> str | None:
        """Return the version that bears an alias, or None."""
        with self._connected() as (_, client):
            versions = self._versions(client)
        return next((str(version.version) for version in versions if alias in version.aliases), None)

    def tags_of(self, version: str) -> dict[str, str]:
        """Return a version's tags."""
        with self._connected() as (_, client):
            return dict(client.get_model_version(self.name, version).tags)

    def tags_of_model(self, model: str) -> dict[str, str]:
        """Return the tags of the version that a model is registered as; none where it is not."""
        with self._connected() as (_, client):
            versions = [version for version in self._versions(client) if version.tags.get(MODEL_TAG) == model]
        return dict(versions[0].tags) if versions else {}

    def promote(self, version: str) -> None:
        """Give a version the alias ``champion``; the version that bore it keeps its number and files."""
        with self._connected() as (_, client):
            client.set_registered_model_alias(self.name, CHAMPION, version)

    def keep_decision(self, version: str, folder: Path, decision: str) -> None:
        """Log the folder of a decision with the run of a version, which from then on names it."""
        with self._connected() as (_, client):
            found = client.get_model_version(self.name, version)
            if found.tags.get(DECISION_TAG) != decision:
                client.log_artifacts(found.run_id, str(folder), f"{DECISIONS}/{decision}")
                client.set_model_version_tag(self.name, version, DECISION_TAG, decision)

    def point_at(self, model: str, decision: str) -> None:
        """Give the alias ``champion`` to the version of a model, and let it name a decision that was logged with it.

        Raises
        ------
        InputError
            If the model is not registered here.
        """
        with self._connected() as (_, client):
            version = next((found for found in self._versions(client) if found.tags.get(MODEL_TAG) == model), None)
            if version is None:
                raise InputError(
                    expected=f"a registered version of the model of decision {decision}", found="none", table="mlflow",
                    hint="Give the MLflow that it was registered in: --params FILE or --set mlflow.tracking_uri=…",
                )  # fmt: skip
            client.set_model_version_tag(self.name, version.version, DECISION_TAG, decision)
            client.set_registered_model_alias(self.name, CHAMPION, version.version)

    def fetch_decision(self, into: Path) -> Path | None:
        """Download the decision that the champion names, unchecked; None where there is no such one."""
        with self._connected() as (mlflow, client):
            champion = next((version for version in self._versions(client) if CHAMPION in version.aliases), None)
            if champion is None or DECISION_TAG not in champion.tags:
                return None
            uri = f"runs:/{champion.run_id}/{DECISIONS}/{champion.tags[DECISION_TAG]}"
            return Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(into)))

    def load(self, alias_or_version: str) -> Forecast:
        """Load a version's forecast, hashes checked.

        Parameters
        ----------
        alias_or_version : str
            ``champion``, ``challenger`` or a version's number.
        """
        mark = "/" if alias_or_version.isdigit() else "@"
        with self._connected() as (mlflow, _), tempfile.TemporaryDirectory() as scratch:
            uri = f"models:/{self.name}{mark}{alias_or_version}"
            folder = mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=scratch)
            return read_forecast(Path(folder) / "data" / "model")

    @contextmanager
    def _connected(self) -> Iterator[tuple[ModuleType, MlflowClient]]:
        """Point MLflow at this store for the length of a block; what it says is wrong is the user's to mend."""
        with quiet_mlflow() as mlflow, _pointed_at(mlflow, self.tracking_uri):
            _forget_places()
            try:
                yield mlflow, mlflow.MlflowClient(self.tracking_uri, self.tracking_uri)
            except (mlflow.exceptions.MlflowException, OSError) as error:
                raise InputError(
                    expected="an MLflow store that can be used",
                    found=str(error).splitlines()[0],
                    table="mlflow",
                    column="tracking_uri",
                ) from error

    def _experiment_id(self, client: MlflowClient) -> str:
        experiment = client.get_experiment_by_name(self._experiment)
        if experiment is not None:
            return str(experiment.experiment_id)
        place = self._artifacts.resolve().as_uri() if self._artifacts is not None else None
        return str(client.create_experiment(self._experiment, artifact_location=place))

    def _fail_unfinished(self, client: MlflowClient, experiment_id: str) -> None:
        mine = f"tags.`{SOURCE_TAG}` = '{self.source}' and attributes.status = 'RUNNING'"
        for run in client.search_runs([experiment_id], mine):
            client.set_terminated(run.info.run_id, status="FAILED")

    def _finished_run(self, client: MlflowClient, experiment_id: str, wanted: str) -> Run | None:
        """Return the run of a model whose files are still where the run says (a workspace may have been moved)."""
        same = f"tags.`{MODEL_TAG}` = '{wanted}' and tags.`{SOURCE_TAG}` = '{self.source}'"
        runs = client.search_runs([experiment_id], f"{same} and attributes.status = 'FINISHED'")
        return next((run for run in runs if client.list_logged_model_artifacts(_model_id(run))), None)

    def _log_run(self, mlflow: ModuleType, experiment_id: str, candidate: Candidate) -> str:
        tags = {SOURCE_TAG: self.source, MODEL_TAG: candidate.hash}
        name = f"{self.source}-{candidate.hash[:8]}"
        with mlflow.start_run(experiment_id=experiment_id, run_name=name, tags=tags) as run:
            mlflow.log_params(dict(candidate.params))
            _log_record(mlflow.MlflowClient(), run.info.run_id, candidate)
            log_model(candidate.model_folder, candidate.example)
        return str(run.info.run_id)

    def _tag(self, client: MlflowClient, version: str, tags: Mapping[str, str]) -> None:
        """Bring a version's tags up to date."""
        current_tags = client.get_model_version(self.name, version).tags
        for name, text in sorted(tags.items()):
            if current_tags.get(name) != text:
                client.set_model_version_tag(self.name, version, name, text)
        if any(name.startswith(RECEIPT_TAGS) for name in tags):  # what was said of a receipt goes with it
            for name in current_tags.keys() - tags.keys():
                if name.startswith(SAID_TAGS):
                    client.delete_model_version_tag(self.name, version, name)

    def _may_challenge(self, client: MlflowClient, version: str, tags: Mapping[str, str]) -> bool:
        if any(name.startswith(RECEIPT_TAGS) for name in tags):
            return True
        holder = next((found for found in self._versions(client) if CHALLENGER in found.aliases), None)
        if holder is None or str(holder.version) == version or CHAMPION in holder.aliases:
            return True
        return not any(name.startswith(RECEIPT_TAGS) for name in holder.tags)

    def _versions(self, client: MlflowClient) -> list[ModelVersion]:
        return [
            client.get_model_version(self.name, v.version) for v in client.search_model_versions(f"name='{self.name}'")
        ]

    def _version_of_run(self, client: MlflowClient, run: Run) -> str | None:
        return next((str(v.version) for v in self._versions(client) if v.run_id == run.info.run_id), None)

    def _create_version(self, client: MlflowClient, run: Run, candidate: Candidate) -> str:
        if not client.search_registered_models(f"name='{self.name}'"):
            client.create_registered_model(self.name)
        model_id = _model_id(run)
        tags = {**candidate.tags, MODEL_TAG: candidate.hash}
        made = client.create_model_version(
            self.name, f"models:/{model_id}", run_id=run.info.run_id, tags=tags, model_id=model_id
        )
        return str(made.version)


@contextmanager
def _pointed_at(mlflow: ModuleType, uri: str) -> Iterator[None]:
    """Make a store MLflow's own for the length of a block: parts of it listen to nothing else."""
    tracking, registry = (os.environ.get(name) for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"))
    try:
        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(uri)
        yield
    finally:
        mlflow.set_tracking_uri(tracking)
        mlflow.set_registry_uri(registry)
        if registry is None:
            os.environ.pop("MLFLOW_REGISTRY_URI", None)  # set_registry_uri(None) leaves it


def _forget_places() -> None:
    """Let MLflow ask where a run's files are: it remembers that by the run alone, and a copy has the same run."""
    from mlflow.tracking._tracking_service import utils

    utils._artifact_repos_cache.clear()


def _model_id(run: Run) -> str:
    return str(run.outputs.model_outputs[0].model_id)


def _log_record(client: MlflowClient, run_id: str, candidate: Candidate) -> None:
    """Write metrics, tags and files; last the tag that says they are complete."""
    from mlflow.entities import Metric, RunTag

    now = time.time_ns() // 1_000_000
    metrics = [Metric(name, value, now, 0) for name, value in sorted(candidate.metrics.items())]
    for start in range(0, len(metrics), METRICS_A_CALL):
        client.log_batch(run_id, metrics=metrics[start : start + METRICS_A_CALL])
    for path in candidate.files:
        client.log_artifact(run_id, str(path))
    for path in candidate.receipt:
        client.log_artifact(run_id, str(path), "receipt")
    tags = {**candidate.tags, RECORD_TAG: candidate.record_hash}
    client.log_batch(run_id, tags=[RunTag(name, text) for name, text in sorted(tags.items())])


def open_registry(root: Path, options: MlflowOptions, source: str) -> ModelRegistry:
    """Return the registry of a workspace: the one the settings name, else SQLite and files in ``root/mlflow``.

    The latter goes with its folder: one that was moved or copied names itself.

    Parameters
    ----------
    root : Path
        The workspace's folder.
    options : MlflowOptions
        Where to log.
    source : str
        Name of the source.
    """
    if options.tracking_uri is not None:
        return ModelRegistry(options.tracking_uri, experiment=options.experiment, source=source)
    address, artifacts = own_store(root.resolve() / "mlflow")
    return ModelRegistry(address, experiment=options.experiment, source=source, artifacts=artifacts)
