"""The index of what is over by namespaces says the cluster too, so that no row is read for it.

Made while alerts come in, and before the one is gone whose place it takes.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("observability", "0012_alerts_over_with_figures")]

    operations = [
        AddIndexConcurrently(
            "alert",
            models.Index(
                fields=["namespace", "-ends_at"],
                include=["cluster", "id", "severity"],
                condition=models.Q(state="RESOLVED"),
                name="alerts_over_in_namespaces",
            ),
        ),
        RemoveIndexConcurrently("alert", "alerts_over_by_namespace"),
    ]
