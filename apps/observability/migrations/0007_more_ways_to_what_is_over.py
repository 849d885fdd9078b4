"""Indexes for what is over in a namespace, of a severity, or once acknowledged.

Made while alerts come in: a million rows take PostgreSQL several seconds.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

RESOLVED = models.Q(state="RESOLVED")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("observability", "0006_notifications")]

    operations = [
        AddIndexConcurrently(
            "alert",
            models.Index(
                fields=["namespace", "-ends_at"],
                condition=RESOLVED,
                name="alerts_over_by_namespace",
            ),
        ),
        AddIndexConcurrently(
            "alert",
            models.Index(
                fields=["severity", "-ends_at"], condition=RESOLVED, name="alerts_over_by_severity"
            ),
        ),
        AddIndexConcurrently(
            "alert",
            models.Index(
                fields=["-ends_at"],
                condition=RESOLVED & models.Q(taken_at__isnull=False),
                name="alerts_over_that_were_taken",
            ),
        ),
    ]
