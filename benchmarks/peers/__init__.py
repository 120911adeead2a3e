"""The peers: other servers that can be run here under the same gunicorn settings."""
