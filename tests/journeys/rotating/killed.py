"""`python -m tests.journeys.rotating.killed ACT PLACE` kills a process with SIGKILL at each boundary of an act.

ACT is rotate, recover or roll_back; PLACE is JSON of a vault connection, `{}` for Steward's own. The act is done anew,
by a process of its own and for an identity of its own, once for each boundary: before and after each question to the
vault, after each commit, after each write outside of one. A second process then does what the next run does. One line
of JSON tells of each boundary what a consumer met right after the kill and at the end.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django

MOST = 200
QUESTIONS = ("newest", "staged", "stage", "read", "write", "promote")


class Fuse:
    """Counts boundaries, and at its number there is no process any more."""

    def __init__(self, number: int) -> None:
        self.left, self.passed = number, 0

    def __call__(self, name: str) -> None:
        self.passed += 1
        if self.passed == self.left:
            os.write(3, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)


def lay(fuse: Fuse, provider: str) -> None:
    """Put the fuse at every boundary of this process."""
    from django.db import connection
    from django.db.models import QuerySet
    from django.db.transaction import Atomic

    from identities.vaults.providers import vault_class

    vault, leave, update = vault_class(provider), Atomic.__exit__, QuerySet.update
    for name in QUESTIONS:
        setattr(vault, name, _between(fuse, name, getattr(vault, name)))

    def left(atomic: Any, *about: Any) -> None:
        leave(atomic, *about)
        if not connection.in_atomic_block:
            fuse("commit")

    def updated(rows: Any, **facts: Any) -> int:
        count = update(rows, **facts)
        if not connection.in_atomic_block:
            fuse(f"update {' '.join(sorted(facts))}")
        return count

    Atomic.__exit__ = left  # type: ignore[method-assign]
    QuerySet.update = updated  # type: ignore[method-assign,assignment]


def _between(fuse: Fuse, name: str, asked: Callable[..., Any]) -> Callable[..., Any]:
    def ask(*args: Any, **more: Any) -> Any:
        fuse(f"before {name}")
        answer = asked(*args, **more)
        fuse(f"after {name}")
        return answer

    return ask


def apart(do: Callable[[], Any]) -> tuple[int, str]:
    """Do it in a process of its own; its status and what it wrote."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(writing, 3)
        try:
            said = do()
            os.write(3, (said or "").encode())
        except BaseException:  # noqa: BLE001 - nothing of a child goes on in its parent's code
            import traceback

            traceback.print_exc()
            os._exit(70)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


class Act:
    """One act on one identity after another. Everything that touches the database happens in a child."""

    def __init__(self, name: str, place: dict[str, Any]) -> None:
        self.name, self.place = name, place
        self.provider = place.get("provider", "local")

    def set_up(self) -> str:
        from django.core.management import call_command

        from identities.tokens import services as tokens
        from tests.factories import register, vaults

        call_command("migrate", interactive=False, verbosity=0)
        tokens.ensure_signing_key()
        tenant = register.tenant()
        if self.place:
            vaults.connection(of=tenant, may_use_deployment=True, **self.place)
        return str(tenant.pk)

    def prepare(self, tenant_id: str, number: int) -> str:
        from unittest.mock import patch

        from identities.lifecycle import rotations
        from identities.people.models import Tenant
        from identities.vaults import failures
        from identities.vaults.models import VaultConnection
        from identities.vaults.providers import vault_class
        from tests.factories import register
        from tests.factories.vaulted import vaulted

        tenant = Tenant.objects.get(pk=tenant_id)
        connection = VaultConnection.objects.filter(tenant=tenant).first()
        bot = vaulted(tenant, connection, name=f"{self.name}/{number}", name_of=f"bot-{self.name}-{number}")
        before = bot.in_vault()
        if self.name == "roll_back":
            rotations.rotate(bot.identity, reason="Due", actor=register.SYSTEM)
        if self.name == "recover":
            sealed = failures.VaultSealed("sealed")
            with patch.object(vault_class(self.provider), "stage", side_effect=sealed):
                rotations.rotate(bot.identity, reason="Due", actor=register.SYSTEM)
        return json.dumps({"identity": str(bot.identity.pk), "before": before, "place": bot.place.as_json()})

    def do(self, told: dict[str, Any], *, fuse: Fuse | None = None) -> str:
        from identities.credentials.models import Rotation
        from identities.inventory.models import ManagedIdentity
        from identities.lifecycle import rotations
        from tests.factories import register
        from tests.factories.vaulted import later

        identity = ManagedIdentity.objects.get(pk=told["identity"])
        if fuse is not None:
            lay(fuse, self.provider)
        if self.name == "rotate" and fuse is not None:
            rotations.rotate(identity, reason="Due", actor=register.SYSTEM)
        elif self.name == "roll_back":
            row = Rotation.objects.get(identity=identity)
            if row.ended_at is None:
                rotations.roll_back(row, reason="Back", actor=register.SYSTEM)
        else:
            at = later() if fuse else later(later())  # after the one that was killed half-way through taking over
            for _round in range(3):
                rotations.deliver_due(at)
        return ""

    def look(self, told: dict[str, Any]) -> str:
        from identities.credentials.models import Rotation
        from identities.inventory.models import ManagedIdentity
        from identities.vaults.references import SecretReference
        from tests.factories.vaulted import Vaulted

        identity = ManagedIdentity.objects.get(pk=told["identity"])
        place = SecretReference.from_json(told["place"])
        bot = Vaulted(identity, place, identity.secrets.earliest("created_at"))
        row = Rotation.objects.filter(identity=identity).first()
        return json.dumps(
            {
                "vaultWorks": bot.works,
                "oldWorks": bot.opens(told["before"]),
                "live": bot.live,
                "isOld": bot.in_vault() == told["before"],
                "step": row.delivery_step if row else None,
                "problem": row.delivery_problem if row else None,
                "state": row.state if row else None,
            }
        )


def main(name: str, place: dict[str, Any]) -> int:
    act = Act(name, place)
    status, tenant_id = apart(act.set_up)
    for number in range(1, MOST):
        if status:
            return status
        status, said = apart(lambda number=number: act.prepare(tenant_id, number))
        if status:
            return status
        told = json.loads(said)
        ended, boundary = apart(lambda number=number, told=told: act.do(told, fuse=Fuse(number)))
        if ended not in (0, -signal.SIGKILL):
            return ended
        killed = json.loads(apart(lambda told=told: act.look(told))[1])
        status, _ = apart(lambda told=told: act.do(told))
        finished = json.loads(apart(lambda told=told: act.look(told))[1])
        line = {"number": number, "boundary": boundary, "killed": killed, "finished": finished}
        print(json.dumps(line), flush=True)  # noqa: T201
        if ended == 0:
            return status
    return 1


if __name__ == "__main__":
    django.setup()
    sys.exit(main(sys.argv[1], json.loads(sys.argv[2])))
