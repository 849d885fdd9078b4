"""An index that has all that the figures of what is over are added up of, and who may see it.

Made while alerts come in. Its entries, as all of PostgreSQL's, are bounded: no namespace is as long
as those that are cut here, which were none of Kubernetes.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

CUT = """
    UPDATE observability_alert SET namespace = left(namespace, 100) WHERE length(namespace) > 100
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("observability", "0011_cards_in_their_rows")]

    operations = [
        migrations.RunSQL(CUT, migrations.RunSQL.noop),
        AddIndexConcurrently(
            "alert",
            models.Index(
                fields=["-ends_at", "id"],
                include=["cluster", "severity", "alertname", "namespace", "starts_at", "taken_at"],
                condition=models.Q(state="RESOLVED"),
                name="alerts_over_with_figures",
            ),
        ),
    ]
