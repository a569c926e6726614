"""Run by Alembic: migrates over the connection that the score store hands in."""

from __future__ import annotations

from alembic import context

VERSION_TABLE = "leadscore_version"
"""Not Alembic's default name: the store may live in a database that has migrations of its own."""


def migrate() -> None:
    """Bring the connection given in ``config.attributes`` to the wanted revision, in one transaction."""
    context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
    with context.begin_transaction():
        context.run_migrations()


if __name__ == "env_py":  # the name under which Alembic loads this file; a plain import does nothing
    migrate()
