"""`python -m tests.journeys.killing.estate RUNS RECEIVER` makes a data folder with a backlog to work off.

Every occurrence of the last RUNS minutes is due (misfire policy run_all, side by side), each a run of two calls, so
that a kill at any instant falls between two effects of some run.
"""

import sys
from datetime import timedelta

import django

#: Of a schedule's backlog; well under the hundred that are caught up, since each minute that passes adds one.
BACKLOG = 60


def make(count: int, receiver: str) -> None:
    from django.utils import timezone

    from config.portal import first_start
    from scheduling.builtin import every
    from scheduling.models import Schedule
    from tests.factories import runs
    from tests.scheduling.runner.world import World

    first_start.prepare()
    world = World()
    # What is built in comes to the world's tenant too, and would run in between: only the runs below are counted.
    every.ensure()
    Schedule.objects.update(is_enabled=False, next_run_at=None)
    calls = [_call("pay", receiver), _call("tell", receiver, after=["pay"])]
    workflow = runs.workflow(of=world.tenant, nodes=calls, allowed_hosts=[receiver])
    newest = timezone.now().replace(second=0, microsecond=0)
    made = [
        world.schedule(workflow=workflow, misfire_policy="run_all", overlap_policy="allow")
        for _ in range(0, count, BACKLOG)
    ]
    for number, schedule in enumerate(made):
        share = min(BACKLOG, count - number * BACKLOG)
        Schedule.objects.filter(id=schedule.id).update(next_run_at=newest - timedelta(minutes=share - 1))


def _call(name: str, receiver: str, **more: object) -> dict[str, object]:
    params = {"method": "POST", "url": f"http://{receiver}/{name}", "json": {"step": name}}
    return {"id": name, "kind": "http_call", "params": params, **more}


if __name__ == "__main__":
    django.setup()
    make(int(sys.argv[1]), sys.argv[2])
