"""What can be typed at the command line?"""

from pipeline.cli import sources, stages, nights, decisions, people  # noqa: F401, I001 (their order is that of the help)
from pipeline.cli.app import app
from pipeline.cli.main import main

__all__ = ["app", "main"]
