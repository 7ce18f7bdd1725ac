from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("escalations", "0002_sweep_problem")]

    operations = [
        migrations.AddField(
            model_name="attachment",
            name="draft_form",
            field=models.CharField(
                blank=True,
                default="",
                help_text="The form it was uploaded to; filing that form takes it along",
                max_length=20,
            ),
            preserve_default=False,
        ),
    ]
