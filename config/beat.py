"""What beat asks for, and how often, in seconds. A request older than `expires` is dropped: the next one does it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from celery.schedules import schedule

_BEGAN, _STEADY = datetime.now(UTC), time.monotonic()


def steady() -> datetime:
    """The time as it goes on from the start of this process, whatever happens to the host's clock meanwhile.

    Celery asks the time of day when it wants to know how long ago something was: set back by an hour it would ask for
    nothing until that hour has passed again.
    """
    return _BEGAN + timedelta(seconds=time.monotonic() - _STEADY)


def _each(seconds: float, task: str, *, expires: float) -> dict[str, Any]:
    return {"task": task, "schedule": schedule(seconds, nowfun=steady), "options": {"expires": expires}}


SCHEDULE = {
    # Where workers are busy what waits too long is dropped, and makes room for what may wait longer: of all that is
    # asked for every few seconds the clock and the search for lost runs may wait the longest.
    "tick": _each(1.0, "scheduling.tick", expires=10),
    "sweep": _each(5.0, "scheduling.sweep", expires=10),
    "assess": _each(5.0, "scheduling.assess", expires=8),
    "imports": _each(30.0, "identities.continue_imports", expires=20),
    "deliver": _each(5.0, "identities.deliver_secrets", expires=8),
    "tend": _each(5.0, "identities.tend_rotations", expires=8),
    "accounts": _each(10.0, "identities.follow_accounts", expires=20),
    "lift": _each(5.0, "identities.lift", expires=8),
    "rotate-seen": _each(5.0, "identities.rotate_seen", expires=8),
    "tend-elevations": _each(10.0, "identities.tend_elevations", expires=20),
    "requests": _each(10.0, "identities.issue_requests", expires=20),
    "reviews": _each(10.0, "identities.reviews", expires=20),
    "remind-reviewers": _each(60.0, "identities.remind_reviewers", expires=50),
    "expire-approvals": _each(60.0, "identities.expire_approvals", expires=50),
    "remind": _each(3600.0, "identities.remind", expires=600),
    "notify": _each(5.0, "identities.notify", expires=8),
    "send-deliveries": _each(5.0, "identities.send_deliveries", expires=8),
    "forget-deliveries": _each(3600.0, "identities.forget_deliveries", expires=600),
    "mail": _each(30.0, "identities.mail", expires=20),
    "measure": _each(20.0, "scheduling.measure", expires=60),
    "built-in": _each(20.0, "scheduling.built_in", expires=20),
    "tidy": _each(3600.0, "scheduling.tidy", expires=600),
    "succession": _each(30.0, "identities.succession", expires=20),
    "replacements": _each(180.0, "identities.follow_replacements", expires=150),
    "forget-uses": _each(3600.0, "identities.forget_uses", expires=600),
    "preflight": _each(60.0, "scheduling.preflight", expires=50),
    "seal": _each(2.0, "audit.seal", expires=8),
    "verify": _each(3600.0, "audit.verify", expires=600),
}
