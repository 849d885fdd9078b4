from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clusters", "0004_registry_complete"),
    ]

    operations = [
        migrations.AddField(
            model_name="credential",
            name="expires_with",
            field=models.CharField(blank=True, editable=False, max_length=32),
        ),
        migrations.AddField(
            model_name="credential",
            name="refresh_failures",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="credential",
            name="stated_expires_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
