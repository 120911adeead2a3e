from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identities', '0016_governance'),
    ]

    operations = [
        migrations.AddField(
            model_name='identityrequest',
            name='try_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
