"""Columns that were written and never read: when an indicator changed, how many samples an hour had."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("observability", "0001_initial")]

    operations = [
        migrations.RemoveField(model_name="indicator", name="updated_at"),
        migrations.RemoveField(model_name="indicatorhour", name="samples"),
    ]
