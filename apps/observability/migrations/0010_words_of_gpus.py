"""How GPUs and what is theirs are called by people."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("observability", "0009_gpu_prices"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="gpucard",
            options={"verbose_name": "GPU"},
        ),
        migrations.AlterModelOptions(
            name="gpuchange",
            options={"verbose_name": "GPU change"},
        ),
        migrations.AlterModelOptions(
            name="gpuclaim",
            options={"verbose_name": "GPU claim"},
        ),
        migrations.AlterModelOptions(
            name="gpufeed",
            options={"verbose_name": "GPU feed"},
        ),
        migrations.AlterModelOptions(
            name="gpunode",
            options={"verbose_name": "GPU node"},
        ),
        migrations.AlterField(
            model_name="gpucard",
            name="bus_id",
            field=models.TextField(default="", verbose_name="PCI address"),
        ),
        migrations.AlterField(
            model_name="gpucard",
            name="uuid",
            field=models.TextField(default="", verbose_name="UUID"),
        ),
        migrations.AlterField(
            model_name="gpunode",
            name="cuda_version",
            field=models.TextField(default="", verbose_name="CUDA version"),
        ),
    ]
