"""What a later version may do: a column more, and one that is widened (SQLite writes the whole table anew)."""

import pkgutil

from django.db import migrations, models

from pipeline.database import migrations as product

LAST = max(module.name for module in pkgutil.iter_modules(product.__path__))


class Migration(migrations.Migration):
    dependencies = (("database", LAST),)
    operations = (
        migrations.AddField("reject", "trial", models.CharField(max_length=8, null=True)),
        migrations.AlterField("alert", "close_reason", models.CharField(blank=True, max_length=99)),
    )
