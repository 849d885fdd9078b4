import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clusters", "0002_kubeconfig"),
    ]

    operations = [
        migrations.AddField(
            model_name="checkschedule",
            name="discovered_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="checkschedule",
            name="next_discovery_at",
            field=models.DateTimeField(db_index=True, default=django.utils.timezone.now),
        ),
    ]
