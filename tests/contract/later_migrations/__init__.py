"""The product's migrations and a made-up one after them, so that there is a later one at any time."""

from pipeline.database import migrations

__path__ += migrations.__path__
