from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clusters", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="credential",
            name="server_name",
            field=models.CharField(blank=True, max_length=253, verbose_name="TLS server name"),
        ),
        migrations.AlterField(
            model_name="credential",
            name="auth_type",
            field=models.CharField(
                choices=[
                    ("SERVICE_ACCOUNT", "Service account token"),
                    ("KUBECONFIG", "Kubeconfig"),
                ],
                default="SERVICE_ACCOUNT",
                max_length=16,
            ),
        ),
    ]
