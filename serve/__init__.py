"""Answers for salespeople and their tools: a small API and pages on scores that the pipeline wrote."""

from serve.app import create_app
from serve.settings import ServeSettings

__all__ = ["ServeSettings", "create_app"]
