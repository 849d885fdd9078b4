"""Who is told of alerts, and what is told."""

import uuid

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import apps.clusters.rules
import apps.observability.models.notification
import apps.sealed_fields


class Migration(migrations.Migration):
    dependencies = [
        ("observability", "0005_words_of_alerts"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeliveryAttempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("status_code", models.PositiveSmallIntegerField(null=True)),
                ("error", models.CharField(default="", max_length=300)),
                ("duration_ms", models.PositiveIntegerField()),
            ],
            options={
                "ordering": ["at", "id"],
            },
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("group_key", models.CharField(default="", max_length=64)),
                ("group_labels", models.JSONField(default=dict)),
                ("is_test", models.BooleanField(default=False)),
                ("fired", models.PositiveIntegerField(default=0)),
                ("resolved", models.PositiveIntegerField(default=0)),
                ("alert_ids", models.JSONField(default=list)),
                ("content", models.JSONField(default=dict)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("PENDING", "Pending"),
                            ("DELIVERED", "Delivered"),
                            ("FAILED", "Failed, tried again later"),
                            ("GIVEN_UP", "Given up"),
                        ],
                        default="PENDING",
                        max_length=9,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("give_up_at", models.DateTimeField(null=True)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
            ],
            options={
                "ordering": ["-created_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="Receiver",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        error_messages={"unique": "There is a receiver of this name already."},
                        max_length=100,
                        unique=True,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("WEBHOOK", "Webhook"),
                            ("SLACK", "Slack, or what takes its messages"),
                            ("EMAIL", "E-mail"),
                        ],
                        max_length=8,
                    ),
                ),
                ("url", apps.sealed_fields.SealedField(blank=True, default="", editable=False)),
                (
                    "signing_secret",
                    apps.sealed_fields.SealedField(blank=True, default="", editable=False),
                ),
                ("host", models.CharField(default="", editable=False, max_length=300)),
                (
                    "ca_bundle",
                    models.TextField(blank=True, default="", verbose_name="CA bundle (PEM)"),
                ),
                (
                    "email_addresses",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.EmailField(max_length=254),
                        blank=True,
                        default=list,
                        size=20,
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("problem", models.CharField(default="", editable=False, max_length=300)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Route",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        error_messages={"unique": "There is a route of this name already."},
                        max_length=100,
                        unique=True,
                    ),
                ),
                ("position", models.PositiveIntegerField(default=100)),
                (
                    "severities",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("CRITICAL", "Critical"),
                                ("WARNING", "Warning"),
                                ("INFO", "Info"),
                            ],
                            max_length=8,
                        ),
                        blank=True,
                        default=list,
                        help_text="Only these; empty: all.",
                        size=None,
                    ),
                ),
                (
                    "cluster_labels",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text='Labels that the cluster must carry: {"team": "red"}',
                        validators=[apps.clusters.rules.check_labels],
                    ),
                ),
                (
                    "alert_labels",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text='Labels that the alert must have: {"namespace": "shop-*"}; * is any text.',
                    ),
                ),
                (
                    "group_by",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200),
                        blank=True,
                        default=apps.observability.models.notification.usual_group,
                        help_text="What is alike in these labels is told together; cluster is the cluster's name.",
                        size=10,
                    ),
                ),
                (
                    "group_wait_seconds",
                    models.PositiveIntegerField(
                        default=30, validators=[django.core.validators.MaxValueValidator(3600)]
                    ),
                ),
                (
                    "interval_seconds",
                    models.PositiveIntegerField(
                        default=300,
                        validators=[
                            django.core.validators.MinValueValidator(10),
                            django.core.validators.MaxValueValidator(86400),
                        ],
                    ),
                ),
                ("tells_resolved", models.BooleanField(default=True)),
                ("continues", models.BooleanField(default=False)),
                ("enabled", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ["position", "name"],
            },
        ),
        migrations.AddField(
            model_name="alertchange",
            name="held",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name="alertchange",
            index=models.Index(
                condition=models.Q(("held", True)), fields=["alert"], name="changes_held_back"
            ),
        ),
        migrations.AddField(
            model_name="deliveryattempt",
            name="notification",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="observability.notification",
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="receiver",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notifications",
                to="observability.receiver",
            ),
        ),
        migrations.AddField(
            model_name="route",
            name="receiver",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="routes",
                to="observability.receiver",
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="route",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="notifications",
                to="observability.route",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)),
                fields=["due_at"],
                name="notifications_gathering",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(
                    ("closed_at__isnull", False), ("status__in", ["PENDING", "FAILED"])
                ),
                fields=["due_at"],
                name="notifications_to_deliver",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                fields=["route", "group_key", "-closed_at"], name="notifications_of_a_group"
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(fields=["-created_at", "id"], name="notifications_newest"),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at__isnull", True)),
                fields=("route", "group_key"),
                name="one_gathers_for_a_group",
            ),
        ),
    ]
