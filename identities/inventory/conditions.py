"""The finer questions to the register, as conditions on its rows: for lists, reports and the scope of a campaign."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

from django.db import connection
from django.db.models import Case, F, Q, SmallIntegerField, TextField, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.db.models.lookups import Contains, Exact, StartsWith

from identities.inventory.vocabulary import AuthMethod, Triage

#: What can be missing of an identity, by the member that would hold it (S4-10 and the questions of triage).
MISSING: Mapping[str, Q] = MappingProxyType(
    {
        "environment": Q(environment=""),
        "purpose": Q(purpose=""),
        "owner": Q(business_owner=None, technical_owner=None),
        "business_owner": Q(business_owner=None),
        "technical_owner": Q(technical_owner=None),
        "deputy_owner": Q(deputy_owner=None),
        "owner_team": Q(owner_team=None),
        "business_unit": Q(business_unit=""),
        "application": Q(application=""),
        "ticket": Q(ticket=""),
        "repository": Q(repository=""),
        "expires_at": Q(expires_at=None),
        "review_by": Q(expires_at=None, review_by=None),
        "function": Q(function=""),
        "trust_boundary": Q(trust_boundary=""),
        "blast_radius": Q(blast_radius=""),
        "privilege_level": Q(privilege_level=""),
        "data_classification": Q(data_classification=""),
        "business_criticality": Q(business_criticality=""),
        "auth_method": Q(auth_method=AuthMethod.UNKNOWN),
        "upstream_trust_source": Q(upstream_trust_source=""),
        "downstream_permissions": Q(downstream_permissions=[]),
        "deprovisioning_trigger": Q(deprovisioning_trigger=""),
        "revocation_procedure": Q(revocation_procedure=""),
        "disable_strategy": Q(disable_strategy=""),
        "rotate_by": Q(rotate_by=None),
        "last_used_at": Q(last_used_at=None),
    }
)


def with_reason(code: str) -> Q:
    """One of the reasons of its colour has this code."""
    return Q(_holds("triage_reasons", f'"code": {_as_json(code)}'))


def from_source(source: str) -> Q:
    """Reported by this source ("aws/644160558196"), or by any of a platform ("aws")."""
    of_platform = _as_json(f"{source}/").removesuffix('"')
    return Q(_holds("reported_by", _as_json(source))) | Q(_holds("reported_by", of_platform))


def tagged(tag: str) -> Q:
    """Has the tag: `key:value` of an object of tags, or the same text in a list of them; a bare word is any value."""
    key, colon, value = tag.partition(":")
    in_list = Q(StartsWith(Cast("tags", TextField()), "[")) & Q(_holds("tags", _as_json(tag)))
    if not colon:
        return in_list | Q(tags__has_key=tag)
    return in_list | Q(Exact(KeyTextTransform(key, "tags"), Value(value)))


def not_reported() -> Q:
    """A source knew it and reports it no more."""
    return Q(unreported_since__isnull=False)


def expiring_before(at: datetime) -> Q:
    """Its purpose ends before `at`."""
    return Q(expires_at__lt=at)


def reviewed_before(day: date) -> Q:
    """Its day of review is before `day`."""
    return Q(review_by__lt=day)


def rotating_before(at: datetime) -> Q:
    """The first of its credentials is due before `at`."""
    return Q(rotate_by__lt=at)


def by_colour() -> Case:
    """Red, amber, green as 0, 1, 2: to order by."""
    order = (Triage.RED, Triage.AMBER, Triage.GREEN)
    whens = [When(triage=colour, then=Value(place)) for place, colour in enumerate(order)]
    return Case(*whens, default=Value(len(order)), output_field=SmallIntegerField())


def _holds(column: str, text: str) -> Contains:
    """The column's JSON, as its database writes it, holds this text: a list of texts is asked without reading it."""
    return Contains(Cast(F(column), TextField()), text)


def _as_json(text: str) -> str:
    """As it stands in the column: PostgreSQL writes letters out, SQLite keeps what Django's encoder made."""
    return json.dumps(text, ensure_ascii=connection.vendor != "postgresql")
