"""How a finding speaks of what it judges."""

from uuid import uuid4

import pytest

from identities.detections.facts import CredentialFact, kind_words


@pytest.mark.parametrize(
    ("kind", "label", "said"),
    [
        ("access_key", "AKIAEXAMPLE", "access key AKIAEXAMPLE"),
        ("access_key", "Access key 1", "access key 1"),
        ("password", "Console password", "console password"),
        ("api_token", "API token of ann", "API token of ann"),
        ("api_token", "deploy", "API token deploy"),
    ],
)
def test_a_credential_says_what_it_is_once(kind, label, said):
    assert CredentialFact(uuid4(), kind, label).words == said


@pytest.mark.parametrize(
    ("kind", "said"), [("workload", "a workload"), ("cron_job", "a cron job"), ("api_client", "an API client")]
)
def test_a_kind_has_its_article(kind, said):
    assert kind_words(kind) == said
