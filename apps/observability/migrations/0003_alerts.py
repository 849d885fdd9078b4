"""Alerts of all clusters, with what people did about them.

What repeats only moves a time on: with room left in each page, no index is written for that.
"""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clusters", "0010_prometheus_replicas"),
        ("observability", "0002_without_what_nobody_reads"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AlertPath",
            fields=[
                (
                    "cluster",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="alert_path",
                        serialize=False,
                        to="clusters.cluster",
                    ),
                ),
                ("last_webhook_at", models.DateTimeField(null=True)),
                ("last_polled_at", models.DateTimeField(null=True)),
                ("problem", models.TextField(default="")),
                ("watchdog_seen_at", models.DateTimeField(null=True)),
                ("truncated_at", models.DateTimeField(null=True)),
                ("truncated_alerts", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("fingerprint", models.CharField(max_length=64)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("FIRING", "Firing"),
                            ("PENDING", "Pending"),
                            ("RESOLVED", "Resolved"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("CRITICAL", "Critical"),
                            ("WARNING", "Warning"),
                            ("INFO", "Info"),
                        ],
                        max_length=8,
                    ),
                ),
                ("alertname", models.TextField()),
                ("namespace", models.TextField(default="")),
                ("labels", models.JSONField()),
                ("annotations", models.JSONField(default=dict)),
                ("generator_url", models.TextField(default="")),
                (
                    "receivers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                (
                    "silenced_by",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                (
                    "inhibited_by",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("WEBHOOK", "Alertmanager's webhook"),
                            ("ALERTMANAGER", "Alertmanager, when asked"),
                            ("PROMETHEUS", "Prometheus, when asked"),
                            ("PLATFORM", "This platform"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "ending",
                    models.CharField(
                        choices=[
                            ("TOLD", "Alertmanager said so"),
                            ("VANISHED", "Alertmanager no longer has it"),
                            ("RECOVERED", "What was watched for came back"),
                        ],
                        default="",
                        max_length=9,
                    ),
                ),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("acknowledgement", models.TextField(default="")),
                ("taken_at", models.DateTimeField(null=True)),
                ("first_received_at", models.DateTimeField()),
                ("last_received_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("words", django.contrib.postgres.search.SearchVectorField(null=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "assigned_to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "cluster",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="clusters.cluster",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AlertChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "change",
                    models.CharField(
                        choices=[("FIRED", "Fired"), ("RESOLVED", "Resolved")], max_length=8
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "alert",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="observability.alert",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AlertEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "deed",
                    models.CharField(
                        choices=[
                            ("COMMENTED", "Commented"),
                            ("ACKNOWLEDGED", "Acknowledged"),
                            ("RELEASED", "Released"),
                            ("ASSIGNED", "Assigned"),
                            ("SILENCED", "Silenced"),
                        ],
                        max_length=12,
                    ),
                ),
                ("text", models.TextField(default="")),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="story",
                        to="observability.alert",
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "alert entries",
                "ordering": ["at", "id"],
            },
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                condition=models.Q(("state", "RESOLVED"), _negated=True),
                fields=["cluster", "starts_at"],
                name="alerts_not_over",
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                condition=models.Q(("state", "RESOLVED")),
                fields=["-ends_at", "id"],
                name="alerts_over",
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                condition=models.Q(("state", "RESOLVED")),
                fields=["cluster", "-ends_at"],
                name="alerts_over_by_cluster",
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                condition=models.Q(("state", "RESOLVED")),
                fields=["alertname", "-ends_at"],
                name="alerts_over_by_name",
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("state", "RESOLVED")),
                fields=["labels"],
                name="alerts_over_by_label",
                opclasses=["jsonb_path_ops"],
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("state", "RESOLVED")),
                fields=["words"],
                name="alerts_over_by_word",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.UniqueConstraint(
                fields=("fingerprint", "cluster", "starts_at"), name="one_row_each_time_it_fired"
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ends_at__isnull", False), ("state", "RESOLVED")),
                    models.Q(
                        models.Q(("state", "RESOLVED"), _negated=True), ("ends_at__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="only_what_is_over_has_an_end",
            ),
        ),
        migrations.RunSQL(
            "ALTER TABLE observability_alert SET (fillfactor = 85)",
            "ALTER TABLE observability_alert RESET (fillfactor)",
        ),
    ]
