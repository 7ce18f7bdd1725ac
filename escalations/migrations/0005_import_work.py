import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("escalations", "0004_queue_orders")]

    operations = [
        migrations.AddField(
            model_name="importrun",
            name="task",
            field=models.CharField(
                blank=True,
                choices=[("check", "Check all rows"), ("load", "Import"), ("undo", "Take back")],
                help_text="What a background process is to do with it now",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="importrun", name="lease", field=models.UUIDField(blank=True, editable=False, null=True)
        ),
        migrations.AddField(
            model_name="importrun", name="lease_until", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(model_name="importrun", name="asked_at", field=models.DateTimeField(blank=True, null=True)),
        migrations.AddField(model_name="importrun", name="failures", field=models.PositiveSmallIntegerField(default=0)),
        migrations.AddField(
            model_name="importrun",
            name="format",
            field=models.JSONField(default=dict, help_text="See escalations.services.import_files.TableFormat"),
        ),
        migrations.AddField(
            model_name="importrun",
            name="profile",
            field=models.JSONField(default=dict, help_text="What the file's columns hold: examples and words"),
        ),
        migrations.AddField(
            model_name="importrun",
            name="report",
            field=models.JSONField(default=dict, help_text="What the last check, import and undo found"),
        ),
        migrations.AddIndex(
            model_name="importrun",
            index=models.Index(
                condition=models.Q(("task", ""), _negated=True), fields=["asked_at"], name="import_run_wanted"
            ),
        ),
        migrations.CreateModel(
            name="ImportSeen",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("external_id", models.CharField(max_length=120)),
                ("number", models.PositiveIntegerField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="escalations.importrun"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("run", "external_id"), name="import_seen_once")],
            },
        ),
    ]
