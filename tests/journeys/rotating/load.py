"""`python -m tests.journeys.rotating.load REQUESTS RUNS`: consumers at work while their secret is rotated and again.

Consumers read the vault and ask Passport for a token, over HTTP; workers carry out runs of a schedule, which do the
same. The old secret is retired as soon as each of them has come round since the new one was there. Prints JSON.
"""

import json
import os
import sys
import threading
import time
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import django

CONSUMERS, WORKERS = 3, 2
PATIENCE = 600


class Scene:
    """What is counted, and who has come round how often."""

    def __init__(self, requests: int, runs: int) -> None:
        self.left = {"request": requests, "run": runs}
        self.lock = threading.Lock()
        self.counted: Counter[str] = Counter()
        self.faults: list[str] = []
        self.rounds = [0] * (CONSUMERS + WORKERS)
        self.over = [False] * (CONSUMERS + WORKERS)

    def next(self, kind: str) -> bool:
        with self.lock:
            self.left[kind] -= 1
            return self.left[kind] >= 0

    def count(self, kind: str, fault: str) -> None:
        with self.lock:
            self.counted[kind] += 1
            if fault:
                self.faults.append(fault)

    def came_round(self) -> None:
        """Wait until everybody has begun anew twice, or has gone home."""
        seen, ends = list(self.rounds), time.monotonic() + PATIENCE
        while any(not over and now < was + 2 for over, now, was in zip(self.over, self.rounds, seen, strict=True)):
            if time.monotonic() > ends:
                raise TimeoutError
            time.sleep(0.01)


def serve() -> None:
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from waitress import create_server

    parts = urlsplit(settings.PASSPORT_URL)
    server = create_server(get_wsgi_application(), host=parts.hostname, port=parts.port, threads=8)
    threading.Thread(target=server.run, daemon=True).start()


def main(requests: int, runs: int) -> int:
    from django.conf import settings
    from django.core.management import call_command

    from identities.credentials import rotations as machine
    from identities.lifecycle import rotations
    from identities.tokens import services as tokens
    from tests.factories import register
    from tests.scheduling.runner.world import World

    call_command("migrate", interactive=False, verbosity=0)
    tokens.ensure_signing_key()
    serve()
    world, scene = World(), Scene(requests, runs)
    people: list[Any] = [(_consume, (world.payer, settings.PASSPORT_URL)) for _ in range(CONSUMERS)]
    people += [(_work, (world.schedule(),)) for _ in range(WORKERS)]  # a schedule has one run at a time
    threads = [threading.Thread(target=_go, args=(scene, place, do, about)) for place, (do, about) in enumerate(people)]
    for thread in threads:
        thread.start()
    while not all(scene.over):
        done = rotations.rotate(world.payer, reason="Again", actor=register.SYSTEM).rotation
        assert done is not None
        if done.delivery_step != "done":
            scene.count("rotation", f"not delivered: {done.delivery_problem}")
            break
        scene.came_round()
        machine.retire_old(done, reason="All have come round", actor=register.SYSTEM)
        scene.count("rotation", "")
    for thread in threads:
        thread.join(PATIENCE)
    print(json.dumps({**scene.counted, "faults": scene.faults[:20]}))  # noqa: T201
    return 0


def _go(scene: Scene, place: int, do: Any, about: tuple[Any, ...]) -> None:
    from django.db import connection

    try:
        do(scene, place, *about)
    except Exception as error:  # noqa: BLE001 - said as what it is: a fault
        scene.count("broken", f"{type(error).__name__}: {error}")
    finally:
        scene.over[place] = True
        connection.close()


def _consume(scene: Scene, place: int, identity: Any, base: str) -> None:
    import requests

    from identities.vaults import services as vaults
    from identities.vaults.references import SecretReference
    from tests.factories import register
    from tests.scheduling.runner.world import reference

    at = SecretReference.from_json(reference("payer"))
    while scene.next("request"):
        scene.rounds[place] += 1
        text = vaults.read_secret(at, identity.tenant_id, identity.environment, actor=register.SYSTEM).reveal()
        answer = requests.post(
            f"{base}/passport/token",
            data={"grant_type": "client_credentials"},
            auth=(identity.client_id, text),
            timeout=60,
        )
        scene.count("request", "" if answer.status_code == 200 else f"HTTP {answer.status_code}: {answer.text[:200]}")


def _work(scene: Scene, place: int, schedule: Any) -> None:
    from scheduling import runner
    from tests.factories import runs

    while scene.next("run"):
        scene.rounds[place] += 1
        run = runs.run(schedule)
        runner.execute(run.pk, worker=f"w{place}")
        run.refresh_from_db()
        scene.count("run", "" if run.state == "succeeded" else f"{run.state} {run.code}: {run.reason}")


if __name__ == "__main__":
    django.setup()
    code = main(int(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.flush()
    os._exit(code)
