"""The route of leaks: text that somebody found, or a partner's signed alert; the secrets in it die."""

from collections.abc import Collection
from typing import Any, ClassVar
from uuid import UUID

from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities import throttle
from identities.access.matrix import Duty
from identities.api.authentication import AdminSession, Bearer
from identities.api.partners import KEY_ID, SIGNATURE, ByDutyOrSignature, Partner, PartnerSignature
from identities.api.schema import describe
from identities.api.serializers import Shape
from identities.api.views import PortalView
from identities.detections import leaks
from identities.detections.models import LeakAction, LeakDoor

TOKENS_AT_ONCE = 1000
DESCRIPTION = (
    "Give it any text up to 1 MiB: a log, a page, a commit. Secrets of Steward in it are recognised (also escaped, "
    "percent-encoded or in Base64) and end at once: revoked, and where the identity is of the high tier it is "
    "quarantined. What had ended before is answered with the action `none`. The text is never stored, and a text "
    "without a secret of yours leaves nothing behind. A person may report 30 times a minute.\n\n"
    "A partner sends the alert of GitHub's secret scanning instead, an array, signed in the two headers with a key of "
    "`STEWARD_LEAK_PARTNER_KEYS`; it needs no bearer, and may send an alert again."
)


class LeakText(Shape):
    """Text in which somebody found what reads like a secret."""

    takes_secrets = True

    text = serializers.CharField(trim_whitespace=False, max_length=1_048_576, help_text="Searched, never stored.")
    source = serializers.CharField(  # type: ignore[assignment]  # a member, not the field's own source
        max_length=200, allow_blank=True, default="", help_text="Where it was found, in a few words."
    )


class PartnerToken(serializers.Serializer[Any]):
    """One token of a partner's alert. Other members are passed over: the shape is the partner's."""

    token = serializers.CharField(trim_whitespace=False, max_length=65_536, help_text="What was found.")
    type = serializers.CharField(max_length=200, allow_blank=True, default="", help_text="The pattern it fits.")
    url = serializers.CharField(max_length=4000, allow_blank=True, default="", help_text="Where it was found.")
    source = serializers.CharField(  # type: ignore[assignment]  # a member, not the field's own source
        max_length=200, allow_blank=True, default="", help_text="In what: content, commit, issue_body …"
    )


class LeakMatchShape(Shape):
    """One secret of yours that was in it."""

    identity_id = serializers.UUIDField(source="identity.pk")
    credential_id = serializers.UUIDField(source="secret.pk")
    action = serializers.ChoiceField(LeakAction.choices, help_text="What was done; `none`: it had ended before.")


class LeakAnswer(Shape):
    """What was found. Secrets of tenants that the caller may not see end too, and are not shown."""

    matches = LeakMatchShape(many=True)


class LeaksView(PortalView):
    """Reports of leaked secrets."""

    tag = "leaks"
    resource_kind = "leak"
    duties: ClassVar = {"POST": Duty.REPORT}
    authentication_classes = (PartnerSignature, Bearer, AdminSession)
    permission_classes = (ByDutyOrSignature,)
    further_ways_in: ClassVar = ("partner",)
    rows_instead: ClassVar = (PartnerToken,)

    @describe(
        "Report a leaked secret",
        description=DESCRIPTION,
        body=LeakText,
        headers={KEY_ID: "Of a partner: which key signed.", SIGNATURE: "Of a partner: the signature."},
        status=202,
        answer=LeakAnswer,
        examples={
            "A line of a log": {"text": "CLIENT_SECRET=nhi_prod_…", "source": "build log of payroll, run 4711"},
            "A partner's alert": [
                {
                    "token": "nhi_prod_…",
                    "type": "steward_client_secret",
                    "url": "https://github.com/example/payroll/blob/4711/deploy.env",
                    "source": "content",
                }
            ],
        },
    )
    @method_decorator(sensitive_variables())
    def post(self, request: Request) -> Response:
        caller: Any = request.user
        found = self._alert(caller) if isinstance(caller, Partner) else self._text()
        return Response(LeakAnswer({"matches": found}).data, status=202)

    @sensitive_variables("body")
    def _text(self) -> list[leaks.Match]:
        counted = throttle.hit("leak-report", str(self.principal.actor.id))
        if counted.number > leaks.A_MINUTE:
            raise exceptions.Throttled(wait=counted.seconds_left)
        body = self.read(LeakText)
        visible: Collection[UUID] | None = self.tenant_ids()
        return leaks.report(**body, door=LeakDoor.API, actor=self.actor, visible=visible)

    @sensitive_variables("alert", "found")
    def _alert(self, partner: Partner) -> list[leaks.Match]:
        if not isinstance(self.request.data, list) or len(self.request.data) > TOKENS_AT_ONCE:
            raise serializers.ValidationError({"body": [f"An array of at most {TOKENS_AT_ONCE} tokens."]})
        alert = PartnerToken(data=self.request.data, many=True)
        alert.is_valid(raise_exception=True)
        return [
            match
            for found in alert.validated_data
            for match in leaks.report(
                found["token"],
                source=_named(found),
                where=found["url"],
                door=LeakDoor.PARTNER,
                actor=partner.actor,
                visible=None,
            )
        ]


def _named(found: dict[str, Any]) -> str:
    """The partner's word for where it was found; the pattern's name only where there is none."""
    return str(found["source"] or found["type"])


urlpatterns = [path("leaks", LeaksView.as_view(), name="leaks")]
