"""What state the database is in, and one sentence for each state that stops the start."""

from django.conf import settings
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.migrations.executor import MigrationExecutor

from auditportal.accounts.models import User
from auditportal.logging import without_secrets
from reviews.errors import ConfigurationError
from reviews.models import Organisation


def bring_up() -> bool:
    """Make the tables of a new database, refuse one of another version. Says whether it was new."""
    connection = connections[DEFAULT_DB_ALIAS]
    try:
        executor = MigrationExecutor(connection)
        tables = set(connection.introspection.table_names())
    except OperationalError as problem:
        first_line = without_secrets(str(problem)).strip().splitlines()[0]
        raise ConfigurationError(f"The database cannot be opened: {first_line}.") from None
    known = set(executor.loader.disk_migrations)
    ours = {app for app, _name in known}
    applied = {step for step in executor.loader.applied_migrations if step[0] in ours}
    unknown = sorted(f"{app}.{name}" for app, name in applied - known)
    if unknown:
        raise ConfigurationError(
            f"The database was made by a newer version of the portal ({unknown[-1]} is not known here)."
            " Run that version, or restore a copy from before."
        )
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    in_use = User._meta.db_table in tables and User.objects.exists()
    if missing and in_use:
        raise ConfigurationError(
            f"The database is older than the portal: {len(missing)} step{'s are' if len(missing) > 1 else ' is'}"
            f" missing, from {missing[0][0]} on. Keep a copy of it, then run: manage.py migrate"
        )
    if missing:
        call_command("migrate", interactive=False, verbosity=0)
    return bool(missing)


def refuse_a_mix() -> None:
    """A demo and a real organisation never share a database."""
    organisation = Organisation.objects.first()
    if organisation is None or organisation.is_demo == settings.DEMO:
        return
    if organisation.is_demo:
        raise ConfigurationError(
            "This database holds the demo organisation, and DEMO is 0. Set DEMO=1, or DATABASE_URL to another database."
        )
    raise ConfigurationError(
        f"This database holds {organisation.name}, a real organisation, and DEMO is 1."
        " Set DEMO=0, or DATABASE_URL to another database."
    )
