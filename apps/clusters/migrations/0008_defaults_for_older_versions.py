"""What is new has a default in the database, too: while the platform is updated, processes of the
version before still write rows, and name none of these columns.
"""

from django.db import migrations

# In the order in which a check takes them: to wait both ways would be a deadlock.
DEFAULTS = {
    "clusters_checkschedule": {"recent_states": "''"},
    "clusters_healthcheck": {"failure_stage": "''"},
    "clusters_cluster": {
        "failure_stage": "''",
        "remedy": "''",
        "generation": "1",
        "webhook_token_digest": "''",
    },
    "clusters_credential": {
        "holds": "'[]'",
        "oidc": "'{}'",
        "expires_with": "''",
        "expiry_told": "''",
        "refresh_problem": "''",
        "refresh_failures": "0",
    },
}


def _alter(what):
    return [
        f"ALTER TABLE {table} ALTER COLUMN {column} {what.format(default)}"
        for table, columns in DEFAULTS.items()
        for column, default in columns.items()
    ]


class Migration(migrations.Migration):
    dependencies = [("clusters", "0007_history_by_days")]

    operations = [migrations.RunSQL(_alter("SET DEFAULT {}"), _alter("DROP DEFAULT"))]
