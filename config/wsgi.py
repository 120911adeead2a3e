"""The portal as WSGI application, for gunicorn and its like."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# Apps are there only now; who serves tokens says that somebody listens to their use.
from identities.credentials import listening  # noqa: E402

listening.begin()
