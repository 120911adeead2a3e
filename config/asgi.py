"""The portal as ASGI application, for gunicorn and its like."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_asgi_application()

# Apps are there only now; who serves tokens says that somebody listens to their use.
from identities.credentials import listening  # noqa: E402

listening.begin()
