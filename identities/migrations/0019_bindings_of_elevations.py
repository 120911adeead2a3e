from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identities', '0018_notices_counted'),
    ]

    operations = [
        migrations.AddField(
            model_name='rolebinding',
            name='is_elevation',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
