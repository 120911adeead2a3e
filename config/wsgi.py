"""The portal as WSGI application, for gunicorn and its like."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django = get_wsgi_application()

# Apps are there only now; who serves tokens says that somebody listens to their use.
from identities.credentials import listening  # noqa: E402

listening.begin()

# What is loaded now stays to the end; so does what the first request would load.
from django.urls import get_resolver  # noqa: E402

from config import memory  # noqa: E402
from config.token_lane import TokenLane  # noqa: E402

application = TokenLane(django)

get_resolver().url_patterns  # noqa: B018 - asked for, they are loaded
memory.settle()
