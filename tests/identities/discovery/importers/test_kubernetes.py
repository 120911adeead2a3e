import base64

import pytest

from identities.discovery.records import Unreadable
from tests.identities.discovery.importers.exports import CANARY, dropped, one, read, reported, written

HIDDEN = base64.b64encode(CANARY.encode()).decode()
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def account(name="billing", namespace="shop", **members):
    metadata = {"name": name, "namespace": namespace, **members.pop("metadata", {})}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, **members}


def secret(name, sort="Opaque", *, data=None, **metadata):
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": sort,
        "metadata": {"name": name, "namespace": "shop", "creationTimestamp": "2024-03-01T10:00:00Z", **metadata},
        "data": {"value": HIDDEN} if data is None else data,
    }


def token(name="billing-token", owner="billing"):
    annotations = {"kubernetes.io/service-account.name": owner}
    return secret(name, "kubernetes.io/service-account-token", data={"token": HIDDEN}, annotations=annotations)


def listed(*items):
    return {"apiVersion": "v1", "kind": "List", "items": list(items), "metadata": {"resourceVersion": ""}}


def test_a_file_of_another_kind_is_refused_in_one_line(tmp_path):
    path = written(tmp_path, "users.json", {"Users": [{"UserName": "ci", "PasswordLastUsed": CANARY}]})
    with pytest.raises(Unreadable) as refusal:
        read("kubernetes", path)
    assert "aws-iam" in str(refusal.value)
    assert CANARY not in str(refusal.value)


def test_an_object_that_is_none_of_kubernetes_is_refused(tmp_path):
    with pytest.raises(Unreadable, match="no object of Kubernetes"):
        read("kubernetes", written(tmp_path, "x.json", {"kind": "List", "items": [{"name": "x"}]}))


def test_certificates_releases_and_bootstrap_tokens_are_dropped_with_the_reason(tmp_path):
    path = written(
        tmp_path,
        "secrets.json",
        listed(
            secret("tls", "kubernetes.io/tls"),
            secret("release", "helm.sh/release.v1"),
            secret("join", "bootstrap.kubernetes.io/token"),
            secret("lost", "kubernetes.io/service-account-token"),
        ),
    )
    found = read("kubernetes", path)
    assert not reported(found)
    assert set(dropped(found)) == {"secret shop/tls", "secret shop/release", "secret shop/join", "secret shop/lost"}
    assert all(reason.endswith(".") for reason in dropped(found).values())


def test_an_object_without_a_name_is_dropped(tmp_path):
    found = read("kubernetes", written(tmp_path, "x.json", listed({"kind": "ServiceAccount", "metadata": {}})))
    assert dropped(found) == {"ServiceAccount": "It has no name, so it cannot be told from others."}


def test_no_value_of_a_secret_is_kept_only_that_it_lay_open(tmp_path):
    applied = {APPLIED: f'{{"data": "{CANARY}"}}', "owner": "dana@example.org"}
    path = written(
        tmp_path,
        "all.json",
        listed(account(metadata={"annotations": applied}), token(), secret("db", annotations=applied)),
    )
    found = read("kubernetes", path)
    assert CANARY not in repr(found)
    assert HIDDEN not in repr(found)
    rows = reported(found)
    assert rows["shop/billing"].credentials[0].exposed_in == "data of Secret shop/billing-token in the export"
    assert rows["shop/db"].credentials[0].exposed_in == "data of Secret shop/db in the export"
    assert rows["shop/db"].facts["technical_owner"] == "dana@example.org"


def test_a_secret_whose_data_were_left_out_lay_nowhere_open(tmp_path):
    row = one("kubernetes", tmp_path, listed(secret("db", data={})))
    assert row.credentials[0].exposed_in == ""
    assert row.label == "secret shop/db"


def test_a_token_belongs_to_its_service_account_whatever_the_order_and_file(tmp_path):
    first = written(tmp_path, "secrets.json", listed(token()))
    second = written(tmp_path, "accounts.json", listed(account()))
    (row,) = reported(read("kubernetes", first, second)).values()
    assert row.record_type == "service_account"
    assert row.facts["auth_method"] == "long_lived_secret"
    assert [credential.external_id for credential in row.credentials] == ["shop/billing-token"]


def test_a_token_whose_account_is_in_no_file_meets_it_by_a_name_within_the_cluster(tmp_path):
    alone = one("kubernetes", tmp_path, listed(token()))
    whole = one("kubernetes", tmp_path, listed(account()))
    assert alone.aliases == whole.aliases == ("./serviceaccount/shop/billing",)
    assert alone.record_type != whole.record_type


def test_a_service_account_without_tokens_gets_short_ones_for_its_own_subject(tmp_path):
    row = one("kubernetes", tmp_path, account())
    assert (row.key, row.account) == ("shop/billing", "")
    assert row.facts["auth_method"] == "conditional_service_account"
    assert row.facts["upstream_trust_source"] == "kubernetes subject=system:serviceaccount:shop:billing"


@pytest.mark.parametrize(
    ("annotation", "value", "permission"),
    [
        ("eks.amazonaws.com/role-arn", "arn:aws:iam::1:role/x", "aws: assume arn:aws:iam::1:role/x"),
        ("iam.gke.io/gcp-service-account", "x@p.iam.gserviceaccount.com", "gcp: act as x@p.iam.gserviceaccount.com"),
        ("azure.workload.identity/client-id", "11-22", "entra: act as application 11-22"),
    ],
)
def test_a_cloud_identity_by_annotation_is_federation(tmp_path, annotation, value, permission):
    row = one("kubernetes", tmp_path, account(metadata={"annotations": {annotation: value}}))
    assert row.facts["auth_method"] == "federated"
    assert row.facts["downstream_permissions"] == [permission]
    assert not [alias for alias in row.aliases if value in alias]  # the role is another identity


def test_what_runs_as_an_account_is_named_and_nothing_else_of_it_kept(tmp_path):
    environment = [{"name": "API_KEY", "value": CANARY}]
    pod = {"spec": {"serviceAccountName": "billing", "containers": [{"name": "main", "env": environment}]}}
    cron = {"kind": "CronJob", "metadata": {"name": "nightly", "namespace": "shop"}}
    cron["spec"] = {"jobTemplate": {"spec": {"template": pod}}}
    deployment = {"kind": "Deployment", "metadata": {"name": "api", "namespace": "shop"}, "spec": {"template": pod}}
    found = read("kubernetes", written(tmp_path, "all.json", listed(account(), cron, deployment)))
    (row,) = reported(found).values()
    assert row.facts["upstream_dependencies"] == ["CronJob shop/nightly", "Deployment shop/api"]
    assert CANARY not in repr(found)


def test_a_binding_to_cluster_admin_makes_an_administrator(tmp_path):
    binding = {
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "all"},
        "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "billing", "namespace": "shop"}],
    }
    row = one("kubernetes", tmp_path, listed(account(), binding))
    assert row.facts["privilege_level"] == "admin"
    assert row.facts["downstream_permissions"] == ["kubernetes: ClusterRole cluster-admin in the whole cluster"]


def test_labels_tell_of_owner_application_and_environment(tmp_path):
    labels = {"team": "payments", "app.kubernetes.io/part-of": "shop", "environment": "prod"}
    row = one("kubernetes", tmp_path, account(metadata={"labels": labels}))
    assert row.facts["owner_team"] == "payments"
    assert row.facts["application"] == "shop"
    assert row.facts["environment"] == "production"
    assert row.facts["tags"] == labels
