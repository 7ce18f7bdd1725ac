import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("escalations", "0001_tables")]

    operations = [
        migrations.CreateModel(
            name="SweepProblem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("attempts", models.PositiveIntegerField(default=1)),
                ("first_failed_at", models.DateTimeField(db_default=Now())),
                ("next_try_at", models.DateTimeField()),
                ("error", models.TextField()),
                (
                    "ticket",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sweep_problem",
                        to="escalations.ticket",
                    ),
                ),
            ],
            options={"ordering": ["first_failed_at"]},
        ),
    ]
