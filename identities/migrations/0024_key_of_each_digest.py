"""With which key a digest was made: told from here on, empty for what was there before."""

from django.db import migrations, models


def marked(model_name):
    field = models.CharField(blank=True, db_default="", default="", editable=model_name == "refreshtoken", max_length=8)
    return migrations.AddField(model_name=model_name, name="digest_key", field=field)


class Migration(migrations.Migration):
    dependencies = [("identities", "0023_reports_by_index")]

    operations = [marked("clientsecret"), marked("questionnaire"), marked("refreshtoken")]
