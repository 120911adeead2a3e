"""The five role bundles: nothing in them that the closed list of permissions does not know."""

from identities.access.bundles import BUNDLES
from identities.access.permissions import PERMISSIONS


def test_the_five_bundles_are_there_with_the_evidence_they_ask_for():
    assert {key: bundle.evidence_keys for key, bundle in BUNDLES.items()} == {
        "deploy-bot": ("releaseTicket", "approver", "deploymentId"),
        "observability-bot": (),
        "crm-sync-bot": ("businessOwner", "dataScope", "retentionPolicy"),
        "llm-retrieval-agent": ("modelVersion", "approvedTools"),
        "data-export-agent": ("businessOwner", "dataScope", "retentionPolicy"),
    }


def test_a_bundle_has_only_permissions_of_the_closed_list():
    for bundle in BUNDLES.values():
        assert set(bundle.permissions) <= PERMISSIONS
        assert bundle.permissions


def test_every_bundle_says_what_it_is_for_and_ends():
    for key, bundle in BUNDLES.items():
        assert bundle.key == key
        assert bundle.description
        assert bundle.good_for
        assert bundle.longest.days > 0
        assert all(field.label and field.help for field in bundle.evidence)


def test_only_what_reads_alone_may_be_of_low_tier():
    low = [bundle for bundle in BUNDLES.values() if bundle.floor == "low"]
    assert [bundle.key for bundle in low] == ["observability-bot"]
    assert all(name.endswith(".read") for bundle in low for name in bundle.permissions)
