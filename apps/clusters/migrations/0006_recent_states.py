"""The last states of each cluster stand in its schedule, so that a check reads no history."""

from django.db import migrations, models

# Each round writes these rows; with room beside them the new version stays on the same page.
ROOM = "ALTER TABLE clusters_checkschedule SET (fillfactor = 50)"
NO_ROOM = "ALTER TABLE clusters_checkschedule RESET (fillfactor)"
FILL = """
    UPDATE clusters_checkschedule AS schedule SET recent_states = past.states
    FROM clusters_cluster AS cluster, LATERAL (
        SELECT coalesce(string_agg(
            CASE state WHEN 'ONLINE' THEN 'N' WHEN 'DEGRADED' THEN 'D' WHEN 'OFFLINE' THEN 'F'
            ELSE '' END, '' ORDER BY checked_at DESC), '') AS states
        FROM (
            SELECT state, checked_at FROM clusters_healthcheck
            WHERE cluster_id = cluster.id ORDER BY checked_at DESC LIMIT 10
        ) AS last
    ) AS past
    WHERE schedule.cluster_id = cluster.id
"""


class Migration(migrations.Migration):
    dependencies = [("clusters", "0005_credential_ends")]

    operations = [
        migrations.RunSQL(ROOM, NO_ROOM),
        migrations.AddField(
            model_name="checkschedule",
            name="recent_states",
            field=models.CharField(blank=True, default="", max_length=10),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
