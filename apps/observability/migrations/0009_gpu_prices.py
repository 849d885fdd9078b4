"""Prices of GPU-hours and of energy, and by the model of the cards the hours that they are of."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

# The model is part of what a row of hours is known by. Nothing is lost: of hours that lie there
# already it is not known, and they cost what a card without a price of its own does.
BY_MODEL = """
    ALTER TABLE observability_gpuhours ADD COLUMN model text NOT NULL DEFAULT '';
    ALTER TABLE observability_gpuhours DROP CONSTRAINT observability_gpuhours_pkey;
    ALTER TABLE observability_gpuhours
        ADD PRIMARY KEY (cluster_id, hour, namespace, owner, model);
"""
AS_ONE = """
    ALTER TABLE observability_gpuhours DROP CONSTRAINT observability_gpuhours_pkey;
    CREATE TEMPORARY TABLE hours_as_one ON COMMIT DROP AS
        SELECT cluster_id, hour, namespace, owner, sum(held) AS held, sum(used) AS used,
            sum(wasted) AS wasted, sum(unmeasured) AS unmeasured, sum(kwh) AS kwh
        FROM observability_gpuhours GROUP BY 1, 2, 3, 4;
    DELETE FROM observability_gpuhours;
    ALTER TABLE observability_gpuhours DROP COLUMN model;
    ALTER TABLE observability_gpuhours ADD PRIMARY KEY (cluster_id, hour, namespace, owner);
    INSERT INTO observability_gpuhours (cluster_id, hour, namespace, owner, held, used, wasted,
        unmeasured, kwh) SELECT * FROM hours_as_one;
"""


def _price(words: str, **options: bool) -> "models.DecimalField[object, object]":
    return models.DecimalField(
        decimal_places=6,
        max_digits=14,
        validators=[django.core.validators.MinValueValidator(0)],
        help_text=words,
        **options,
    )


class Migration(migrations.Migration):
    dependencies = [("observability", "0008_gpus")]

    operations = [
        migrations.CreateModel(
            name="GpuPricing",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        help_text="Of all prices: EUR, USD, ...",
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z]{3}\\Z", "Three capital letters, such as EUR."
                            )
                        ],
                    ),
                ),
                (
                    "per_gpu_hour",
                    _price(
                        "Of an hour of a whole card whose model has no price of its own; "
                        "empty: unknown.",
                        blank=True,
                        null=True,
                    ),
                ),
                (
                    "per_kwh",
                    _price("Of the electric energy; empty: unknown.", blank=True, null=True),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={"verbose_name": "GPU prices", "verbose_name_plural": "GPU prices"},
        ),
        migrations.CreateModel(
            name="GpuModelPrice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "model",
                    models.CharField(
                        help_text="Words of the card's name: H100, or A100 80GB. "
                        "The longest that fits counts.",
                        max_length=100,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[\\x20-\\x7e]*[0-9A-Za-z][\\x20-\\x7e]*\\Z",
                                "A part of a card's name.",
                            )
                        ],
                    ),
                ),
                (
                    "per_gpu_hour",
                    _price("Of an hour of a whole card; a slice costs its part of it."),
                ),
                (
                    "pricing",
                    models.ForeignKey(
                        default=1,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="of_models",
                        to="observability.gpupricing",
                    ),
                ),
            ],
            options={
                "verbose_name": "price of a model",
                "verbose_name_plural": "prices of models",
                "ordering": ["model"],
            },
        ),
        migrations.AddConstraint(
            model_name="gpupricing",
            constraint=models.CheckConstraint(
                condition=models.Q(("id", 1)), name="there_is_one_gpu_pricing"
            ),
        ),
        migrations.AddConstraint(
            model_name="gpupricing",
            constraint=models.CheckConstraint(
                condition=models.Q(("per_gpu_hour__gte", 0), ("per_kwh__gte", 0)),
                name="no_gpu_price_below_nothing",
            ),
        ),
        migrations.AddConstraint(
            model_name="gpumodelprice",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("model"),
                name="one_price_a_gpu_model",
                violation_error_message="There is a price of this model already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="gpumodelprice",
            constraint=models.CheckConstraint(
                condition=models.Q(("per_gpu_hour__gte", 0)),
                name="no_gpu_model_price_below_nothing",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    "gpuhours", "model", models.TextField(db_default="", default="")
                ),
                migrations.AlterField(
                    "gpuhours",
                    "pk",
                    models.CompositePrimaryKey(
                        "cluster",
                        "hour",
                        "namespace",
                        "owner",
                        "model",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
            database_operations=[migrations.RunSQL(BY_MODEL, AS_ONE)],
        ),
    ]
