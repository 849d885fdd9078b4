"""A cluster may have several Prometheus servers that hold the same; those that are there have one.

The default is the database's, too: while the platform is updated, processes of the version before
still register clusters, and name no replicas.
"""

import django.contrib.postgres.fields
from django.db import migrations, models

import apps.clusters.rules


class Migration(migrations.Migration):
    dependencies = [("clusters", "0009_namespace_grants")]

    operations = [
        migrations.AddField(
            model_name="cluster",
            name="prometheus_replica_urls",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    max_length=512, validators=[apps.clusters.rules.check_endpoint_url]
                ),
                blank=True,
                default=list,
                help_text="Servers that hold the same as the one above, with commas between them.",
                size=4,
                verbose_name="other Prometheus URLs",
            ),
        ),
        migrations.RunSQL(
            "ALTER TABLE clusters_cluster ALTER COLUMN prometheus_replica_urls SET DEFAULT '{}'",
            "ALTER TABLE clusters_cluster ALTER COLUMN prometheus_replica_urls DROP DEFAULT",
        ),
    ]
