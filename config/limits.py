"""How much may be asked of one installation: runs, schedules, uploads. Read from the environment, like settings."""

import os

import environ

from config import environment

env = environ.Env()
env.ENVIRON = environment.read(os.environ)

# Runs. What the ledger lets pass before it takes a run from a silent worker, or ends it; scheduling.services.limits.
RUN_LEASE_SECONDS = env.int("RUN_LEASE_SECONDS", default=40)
RUN_HEARTBEAT_SECONDS = env.int("RUN_HEARTBEAT_SECONDS", default=10)
RUN_DEADLINE_SECONDS = env.int("RUN_DEADLINE_SECONDS", default=8 * 86_400)
RUNS_PER_TENANT = env.int("RUNS_PER_TENANT", default=100)
RUNS_PER_IDENTITY = env.int("RUNS_PER_IDENTITY", default=25)
RUNS_HANDED_OVER = env.int("RUNS_HANDED_OVER", default=200)
SCHEDULES_PER_TENANT = env.int("SCHEDULES_PER_TENANT", default=5000)

# Imports. What the admin and the API take at once; the command line takes any size.
STEWARD_IMPORT_MAX_MB = env.int("STEWARD_IMPORT_MAX_MB", default=64)
