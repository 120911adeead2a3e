"""Signs of life of what runs by the clock: one row a name, the last time it was seen."""

from django.db import models


class Pulse(models.Model):
    """`name` is what beats (`tick`, `sweep`); `beat_at` the last time it did its round to the end."""

    name = models.CharField(primary_key=True, max_length=32)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
