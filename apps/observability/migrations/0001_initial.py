"""The fleet's indicators with their values, and saved queries.

The values by minutes and by hours lie in tables partitioned by days from the start; the first days
are made when they are first seen to, and until then rows go to the partition for the rest.
"""

import re
import uuid

import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.clusters.rules

PARTITIONED = """
    CREATE TABLE observability_indicatorsample (
        cluster_id uuid NOT NULL,
        indicator_id bigint NOT NULL,
        at timestamp with time zone NOT NULL,
        value double precision NOT NULL,
        PRIMARY KEY (cluster_id, indicator_id, at)
    ) PARTITION BY RANGE (at);
    CREATE INDEX indicator_samples_by_time ON observability_indicatorsample USING brin (at);
    CREATE TABLE observability_indicatorsample_rest
        PARTITION OF observability_indicatorsample DEFAULT;
    CREATE TABLE observability_indicatorhour (
        cluster_id uuid NOT NULL,
        indicator_id bigint NOT NULL,
        hour timestamp with time zone NOT NULL,
        minimum double precision NOT NULL,
        maximum double precision NOT NULL,
        average double precision NOT NULL,
        last double precision NOT NULL,
        samples smallint NOT NULL CHECK (samples >= 0),
        PRIMARY KEY (cluster_id, indicator_id, hour)
    ) PARTITION BY RANGE (hour);
    CREATE TABLE observability_indicatorhour_rest
        PARTITION OF observability_indicatorhour DEFAULT;
"""
GONE = """
    DROP TABLE observability_indicatorsample;
    DROP TABLE observability_indicatorhour;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("clusters", "0008_defaults_for_older_versions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Indicator",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        max_length=63,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                re.compile("^[a-z][a-z0-9-]{1,61}[a-z0-9]\\Z"),
                                "Use 3 to 63 lower-case letters, digits and hyphens; begin with a letter and end with a letter or digit.",
                            )
                        ],
                    ),
                ),
                ("title", models.CharField(max_length=100)),
                ("description", models.TextField(blank=True, max_length=1000)),
                (
                    "unit",
                    models.CharField(blank=True, help_text="%, s, ns, W, pods, ...", max_length=32),
                ),
                (
                    "query",
                    models.TextField(
                        help_text="Asked of each cluster for itself. It must come to one number.",
                        max_length=4096,
                        verbose_name="PromQL",
                    ),
                ),
                (
                    "query_openshift",
                    models.TextField(
                        blank=True,
                        help_text="Empty: as everywhere.",
                        max_length=4096,
                        verbose_name="PromQL on OpenShift",
                    ),
                ),
                (
                    "query_kubernetes",
                    models.TextField(
                        blank=True, max_length=4096, verbose_name="PromQL on Kubernetes"
                    ),
                ),
                (
                    "query_microshift",
                    models.TextField(
                        blank=True, max_length=4096, verbose_name="PromQL on MicroShift"
                    ),
                ),
                ("warning", models.FloatField(blank=True, null=True)),
                ("critical", models.FloatField(blank=True, null=True)),
                (
                    "direction",
                    models.CharField(
                        choices=[
                            ("ABOVE", "At the threshold or above"),
                            ("BELOW", "At the threshold or below"),
                        ],
                        default="ABOVE",
                        max_length=8,
                    ),
                ),
                (
                    "significance",
                    models.FloatField(
                        blank=True,
                        default=0.25,
                        help_text="A change by this part of the value told last (or of the warning threshold, if that is larger) is told as an event: 0.25 is a quarter. Empty: only thresholds are.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0.001)],
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("built_in", models.BooleanField(default=False, editable=False)),
                ("edited", models.BooleanField(default=False, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="IndicatorReading",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "cluster",
                        "indicator",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("value", models.FloatField()),
                (
                    "state",
                    models.CharField(
                        choices=[("OK", "OK"), ("WARNING", "Warning"), ("CRITICAL", "Critical")],
                        max_length=8,
                    ),
                ),
                ("told_value", models.FloatField()),
                (
                    "cluster",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="clusters.cluster",
                    ),
                ),
                (
                    "indicator",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="observability.indicator",
                    ),
                ),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="IndicatorHour",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "cluster",
                                "indicator",
                                "hour",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("hour", models.DateTimeField()),
                        ("minimum", models.FloatField()),
                        ("maximum", models.FloatField()),
                        ("average", models.FloatField()),
                        ("last", models.FloatField()),
                        ("samples", models.PositiveSmallIntegerField()),
                        (
                            "cluster",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="clusters.cluster",
                            ),
                        ),
                        (
                            "indicator",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="observability.indicator",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="IndicatorSample",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "cluster",
                                "indicator",
                                "at",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        ("value", models.FloatField()),
                        (
                            "cluster",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="clusters.cluster",
                            ),
                        ),
                        (
                            "indicator",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="observability.indicator",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            django.contrib.postgres.indexes.BrinIndex(
                                fields=["at"], name="indicator_samples_by_time"
                            )
                        ],
                    },
                ),
            ],
            database_operations=[migrations.RunSQL(PARTITIONED, GONE)],
        ),
        migrations.CreateModel(
            name="SavedQuery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("description", models.TextField(blank=True, max_length=1000)),
                ("query", models.TextField(max_length=8192, verbose_name="PromQL")),
                ("unit", models.CharField(blank=True, max_length=32)),
                (
                    "cluster_ids",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Ids of the clusters it is for; none: all of them.",
                    ),
                ),
                (
                    "labels",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text='Labels that a cluster must carry: {"team": "red"}',
                        validators=[apps.clusters.rules.check_labels],
                    ),
                ),
                ("shared", models.BooleanField(default=False)),
                ("generation", models.PositiveBigIntegerField(default=1, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_queries",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "saved queries",
                "ordering": ["name", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "name"),
                        name="one_saved_query_of_a_name",
                        violation_error_message="There is one of this name already.",
                    )
                ],
            },
        ),
    ]
