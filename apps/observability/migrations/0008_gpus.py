"""The GPUs of all clusters: as they are now, what they did, and who held them.

What a sample, a span or an hour is lies in tables partitioned by days; until the first days are
made rows go to the partition for the rest. A card's JSON is kept out of its row, and there is room
in each page for rows that change often.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

PARTITIONED = """
    CREATE TABLE observability_gpusample (
        node_id bigint NOT NULL,
        at timestamp with time zone NOT NULL,
        units bigint[] NOT NULL,
        busy real[] NOT NULL,
        memory_used_mb integer[] NOT NULL,
        power_watts real[] NOT NULL,
        temperature_celsius smallint[] NOT NULL,
        PRIMARY KEY (node_id, at)
    ) PARTITION BY RANGE (at);
    CREATE INDEX gpu_samples_by_time ON observability_gpusample USING brin (at);
    CREATE TABLE observability_gpusample_rest PARTITION OF observability_gpusample DEFAULT;
    CREATE TABLE observability_gpuspan (
        node_id bigint NOT NULL,
        at timestamp with time zone NOT NULL,
        units bigint[] NOT NULL,
        busy real[] NOT NULL,
        busy_highest real[] NOT NULL,
        memory_used_mb real[] NOT NULL,
        memory_highest_mb integer[] NOT NULL,
        power_watts real[] NOT NULL,
        temperature_highest_celsius smallint[] NOT NULL,
        joules real[] NOT NULL,
        seconds real[] NOT NULL,
        PRIMARY KEY (node_id, at)
    ) PARTITION BY RANGE (at);
    CREATE INDEX gpu_spans_by_time ON observability_gpuspan USING brin (at);
    CREATE TABLE observability_gpuspan_rest PARTITION OF observability_gpuspan DEFAULT;
    CREATE TABLE observability_gpuhours (
        cluster_id uuid NOT NULL,
        hour timestamp with time zone NOT NULL,
        namespace text NOT NULL,
        owner text NOT NULL,
        held double precision NOT NULL,
        used double precision NOT NULL,
        wasted double precision NOT NULL,
        unmeasured double precision NOT NULL,
        kwh double precision NOT NULL,
        PRIMARY KEY (cluster_id, hour, namespace, owner)
    ) PARTITION BY RANGE (hour);
    CREATE TABLE observability_gpuhours_rest PARTITION OF observability_gpuhours DEFAULT;
"""
GONE = """
    DROP TABLE observability_gpusample;
    DROP TABLE observability_gpuspan;
    DROP TABLE observability_gpuhours;
"""
ROOM = """
    ALTER TABLE observability_gpucard SET (toast_tuple_target = 256, fillfactor = 60);
    ALTER TABLE observability_gpunode SET (fillfactor = 80);
    ALTER TABLE observability_gpuclaim SET (fillfactor = 80);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("clusters", "0010_prometheus_replicas"),
        ("observability", "0007_more_ways_to_what_is_over"),
    ]

    operations = [
        migrations.CreateModel(
            name="GpuFeed",
            fields=[
                (
                    "cluster",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="gpu_feed",
                        serialize=False,
                        to="clusters.cluster",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("NVIDIA_SMI", "nvidia-smi, run in the driver's pod"),
                            ("DCGM", "The DCGM exporter's series"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                ("asked_at", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField(null=True)),
                ("interval_seconds", models.PositiveSmallIntegerField(default=15)),
                ("problem", models.TextField(default="")),
            ],
        ),
        migrations.CreateModel(
            name="GpuCard",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.TextField()),
                ("uuid", models.TextField(default="")),
                ("index", models.PositiveSmallIntegerField(null=True)),
                ("name", models.TextField(default="")),
                ("bus_id", models.TextField(default="")),
                ("memory_total_mb", models.PositiveIntegerField(null=True)),
                ("memory_used_mb", models.PositiveIntegerField(null=True)),
                ("memory_free_mb", models.PositiveIntegerField(null=True)),
                ("utilization_gpu_percent", models.FloatField(null=True)),
                ("utilization_memory_percent", models.FloatField(null=True)),
                ("busy_percent", models.FloatField(null=True)),
                ("temperature_celsius", models.SmallIntegerField(null=True)),
                ("power_draw_watts", models.FloatField(null=True)),
                ("power_limit_watts", models.FloatField(null=True)),
                ("fan_speed_percent", models.SmallIntegerField(null=True)),
                ("mig_enabled", models.BooleanField(null=True)),
                ("allocated", models.FloatField(default=0.0)),
                ("shared", models.BooleanField(default=False)),
                (
                    "namespaces",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                ("severity", models.PositiveSmallIntegerField(default=0)),
                ("findings", models.JSONField(default=list)),
                ("facts", models.JSONField(default=dict)),
                ("parts", models.JSONField(default=dict)),
                ("facts_digest", models.BinaryField(max_length=8)),
                ("figures_digest", models.BinaryField(max_length=8)),
                (
                    "told",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(null=True), default=list, size=None
                    ),
                ),
                ("first_seen_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("missing_since", models.DateTimeField(null=True)),
                ("gone_at", models.DateTimeField(null=True)),
                (
                    "cluster",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="clusters.cluster",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GpuLedger",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("until", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="there_is_one_gpu_ledger"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="GpuNode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("node_name", models.TextField()),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("NVIDIA_SMI", "nvidia-smi, run in the driver's pod"),
                            ("DCGM", "The DCGM exporter's series"),
                        ],
                        max_length=10,
                    ),
                ),
                ("read_at", models.DateTimeField(null=True)),
                ("driver_version", models.TextField(default="")),
                ("cuda_version", models.TextField(default="")),
                ("attached", models.PositiveSmallIntegerField(null=True)),
                (
                    "lost",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                (
                    "errors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                ("first_seen_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
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
            name="GpuClaim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("unit", models.BigIntegerField()),
                ("weight", models.FloatField()),
                ("profile", models.TextField(default="")),
                ("namespace", models.TextField()),
                ("pod", models.TextField()),
                ("container", models.TextField(default="")),
                ("owner", models.TextField()),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("idle_since", models.DateTimeField(null=True)),
                ("holds_memory", models.BooleanField(null=True)),
                ("holders", models.PositiveSmallIntegerField(default=1)),
                (
                    "card",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="claims",
                        to="observability.gpucard",
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
                (
                    "node",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="claims",
                        to="observability.gpunode",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="gpucard",
            name="node",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="cards",
                to="observability.gpunode",
            ),
        ),
        migrations.CreateModel(
            name="GpuChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("APPEARED", "Seen for the first time"),
                            ("RETURNED", "Seen again"),
                            ("MOVED", "Seen in another node"),
                            ("GONE", "No longer seen"),
                            ("DRIVER_CHANGED", "The node has another driver"),
                        ],
                        max_length=14,
                    ),
                ),
                ("node_name", models.TextField()),
                ("uuid", models.TextField(default="")),
                ("name", models.TextField(default="")),
                ("before", models.TextField(default="")),
                ("after", models.TextField(default="")),
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
            options={
                "indexes": [
                    models.Index(fields=["cluster", "-at"], name="gpu_changes_of_a_cluster"),
                    models.Index(fields=["uuid", "-at"], name="gpu_changes_of_a_card"),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="gpunode",
            constraint=models.UniqueConstraint(
                fields=("cluster", "node_name"), name="one_row_a_gpu_node"
            ),
        ),
        migrations.AddIndex(
            model_name="gpuclaim",
            index=models.Index(
                condition=models.Q(("until", None)),
                fields=["cluster", "namespace"],
                name="gpu_claims_open",
            ),
        ),
        migrations.AddIndex(
            model_name="gpuclaim",
            index=models.Index(fields=["node", "until"], name="gpu_claims_of_a_node"),
        ),
        migrations.AddConstraint(
            model_name="gpuclaim",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until", None)),
                fields=("unit", "namespace", "pod", "container"),
                name="one_open_claim_a_holder",
            ),
        ),
        migrations.AddIndex(
            model_name="gpucard",
            index=models.Index(fields=["uuid"], name="gpus_by_uuid"),
        ),
        migrations.AddConstraint(
            model_name="gpucard",
            constraint=models.UniqueConstraint(fields=("node", "key"), name="one_row_a_gpu"),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="GpuHours",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "cluster",
                                "hour",
                                "namespace",
                                "owner",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("hour", models.DateTimeField()),
                        ("namespace", models.TextField()),
                        ("owner", models.TextField()),
                        ("held", models.FloatField()),
                        ("used", models.FloatField()),
                        ("wasted", models.FloatField()),
                        ("unmeasured", models.FloatField()),
                        ("kwh", models.FloatField()),
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
                    name="GpuSample",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "node",
                                "at",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        (
                            "units",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), size=None
                            ),
                        ),
                        (
                            "busy",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(null=True), size=None
                            ),
                        ),
                        (
                            "memory_used_mb",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(null=True), size=None
                            ),
                        ),
                        (
                            "power_watts",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(null=True), size=None
                            ),
                        ),
                        (
                            "temperature_celsius",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(null=True), size=None
                            ),
                        ),
                        (
                            "node",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="observability.gpunode",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="GpuSpan",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "node",
                                "at",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        (
                            "units",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), size=None
                            ),
                        ),
                        (
                            "busy",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(null=True), size=None
                            ),
                        ),
                        (
                            "busy_highest",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(null=True), size=None
                            ),
                        ),
                        (
                            "memory_used_mb",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(null=True), size=None
                            ),
                        ),
                        (
                            "memory_highest_mb",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(null=True), size=None
                            ),
                        ),
                        (
                            "power_watts",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(null=True), size=None
                            ),
                        ),
                        (
                            "temperature_highest_celsius",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(null=True), size=None
                            ),
                        ),
                        (
                            "joules",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(null=True), size=None
                            ),
                        ),
                        (
                            "seconds",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(null=True), size=None
                            ),
                        ),
                        (
                            "node",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="observability.gpunode",
                            ),
                        ),
                    ],
                ),
                migrations.AddIndex(
                    model_name="gpusample",
                    index=django.contrib.postgres.indexes.BrinIndex(
                        fields=["at"], name="gpu_samples_by_time"
                    ),
                ),
                migrations.AddIndex(
                    model_name="gpuspan",
                    index=django.contrib.postgres.indexes.BrinIndex(
                        fields=["at"], name="gpu_spans_by_time"
                    ),
                ),
            ],
            database_operations=[migrations.RunSQL(PARTITIONED, GONE)],
        ),
        migrations.RunSQL(ROOM, migrations.RunSQL.noop),
    ]
