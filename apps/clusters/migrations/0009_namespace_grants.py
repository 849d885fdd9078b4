"""Grants may be held to some namespaces; those that are there stay for all of them.

The default is the database's, too: while the platform is updated, processes of the version before
still write grants, and name no namespaces.
"""

import django.contrib.postgres.fields
from django.db import migrations, models

import apps.clusters.rules


class Migration(migrations.Migration):
    dependencies = [("clusters", "0008_defaults_for_older_versions")]

    operations = [
        migrations.AddField(
            model_name="grant",
            name="namespaces",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    max_length=63, validators=[apps.clusters.rules.check_namespace]
                ),
                blank=True,
                default=list,
                help_text="Only these namespaces, with commas between them. "
                "Empty: the whole cluster.",
                size=100,
            ),
        ),
        migrations.RunSQL(
            "ALTER TABLE clusters_grant ALTER COLUMN namespaces SET DEFAULT '{}'",
            "ALTER TABLE clusters_grant ALTER COLUMN namespaces DROP DEFAULT",
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.CheckConstraint(
                condition=models.Q(namespaces=[]) | ~models.Q(role="ADMIN"),
                name="grant_of_an_admin_is_over_whole_clusters",
                violation_error_message="An admin changes whole clusters: choose a lower role, "
                "or leave the namespaces empty.",
            ),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.CheckConstraint(
                condition=~models.Q(namespaces__contains=[""]),
                name="grant_names_no_empty_namespace",
            ),
        ),
    ]
