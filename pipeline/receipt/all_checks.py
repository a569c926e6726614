"""Every check of ``leadscore verify``, in the order in which they are told."""

from __future__ import annotations

from features.checks import Registry
from pipeline.receipt.basis_checks import Code, CutoffsInForce, Model, ModelFiles, Outputs
from pipeline.receipt.document_checks import Chain, EntriesBeside, Page, ReceiptForm, Seal, Signature
from pipeline.receipt.mlflow_check import Remembered
from pipeline.receipt.sealed_run import SealCheck

CHECKS: Registry[SealCheck] = Registry(
    ReceiptForm(),
    Page(),
    EntriesBeside(),
    Seal(),
    Signature(),
    Chain(),
    ModelFiles(),
    Model(),
    CutoffsInForce(),
    Outputs(),
    Code(),
    Remembered(),
)
