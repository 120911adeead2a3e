"""What the preflights of its schedules say of an identity: tells the rule on runs that would fail."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from identities.detections.facts import Foreseen
from identities.detections.forecasts.base import Forecast
from scheduling.preflight import selectors
from scheduling.preflight.problems import Mend
from scheduling.preflight.services import problems_of

#: Where on the identity's page a problem is mended: a command's key (with a field of its form) or a tab.
REMEDIES = {
    Mend.ENABLE_IDENTITY: "enable",
    Mend.RESUME_IDENTITY: "resume",
    Mend.RELEASE_IDENTITY: "tab:quarantine",
    Mend.EXTEND_IDENTITY: "edit#expires_at",
    Mend.NAME_OWNER: "edit#technical_owner",
    Mend.BIND_ROLE: "tab:access",
    Mend.ISSUE_SECRET: "issue-secret",
    Mend.FINISH_ROTATION: "tab:credentials",
}
ELSEWHERE = "tab:schedules"


class Preflights(Forecast):
    """Kind `preflight`: the newest trial of each schedule that is going; the nearest occurrence first."""

    kind = "preflight"

    def troubles(self, identity_ids: Collection[UUID], *, at: datetime) -> Mapping[UUID, Sequence[Foreseen]]:
        wanted = set(identity_ids)
        found: defaultdict[UUID, list[Foreseen]] = defaultdict(list)
        for row in selectors.concerning(wanted):
            for problem in problems_of(row):
                concerned = problem.identity_id or row.schedule.managed_identity_id
                if concerned in wanted:
                    remedy = REMEDIES.get(problem.mend, ELSEWHERE)
                    seen = Foreseen(
                        row.schedule.name, problem.code, problem.text, problem.at, remedy, problem.stops_runs
                    )
                    found[concerned].append(seen)
        return found
