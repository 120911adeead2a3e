"""The manifests: the restricted profile of Pod security, probes, limits, and settings that there are."""

import shutil
import subprocess
from typing import Any

import pytest

from tests.deploy.files import FLOATING, KUBERNETES, documents, missing, unknown

KUSTOMIZATION = documents(KUBERNETES / "kustomization.yaml")[0]
ALL = [found for name in KUSTOMIZATION["resources"] for found in documents(KUBERNETES / name)]
RUNNING = [found for found in ALL if found["kind"] in {"Deployment", "Job"}]
IDS = [found["metadata"]["name"] for found in RUNNING]


def of_kind(kind: str) -> dict[str, Any]:
    return {found["metadata"]["name"]: found for found in ALL if found["kind"] == kind}


@pytest.mark.parametrize("found", RUNNING, ids=IDS)
def test_what_runs_is_of_the_restricted_profile(found):
    pod = found["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert not [volume for volume in pod["volumes"] if "hostPath" in volume]
    for container in [*pod["containers"], *pod.get("initContainers", [])]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert container["resources"]["limits"]["memory"]
        assert container["image"] == "steward"  # the kustomization names it


def test_the_image_is_named_by_a_version():
    (image,) = KUSTOMIZATION["images"]
    assert not FLOATING.search(f"{image['newName']}:{image['newTag']}")


def test_web_is_asked_whether_it_lives_and_is_never_taken_away_whole():
    (web,) = of_kind("Deployment")["steward-web"]["spec"]["template"]["spec"]["containers"]
    assert {web[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")} == {
        "/healthz"
    }
    assert of_kind("Deployment")["steward-web"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert {"steward-web", "steward-worker"} == of_kind("PodDisruptionBudget").keys()
    assert of_kind("HorizontalPodAutoscaler")["steward-web"]["spec"]["minReplicas"] >= 2


def test_two_of_each():
    assert {name: found["spec"]["replicas"] for name, found in of_kind("Deployment").items()} == {
        "steward-web": 2,
        "steward-worker": 2,
        "steward-beat": 2,
    }


def test_the_settings_named_are_there_and_none_is_missing():
    named = set(of_kind("ConfigMap")["steward"]["data"])
    assert not unknown(named)
    assert not missing(named)


def test_the_secret_is_an_example_of_no_use_and_holds_each_file_that_is_read():
    assert "secret.example.yaml" not in KUSTOMIZATION["resources"]
    (example,) = documents(KUBERNETES / "secret.example.yaml")
    assert set(example["stringData"].values()) == {""}
    files = {
        path.rpartition("/")[2] for path in of_kind("ConfigMap")["steward"]["data"].values() if "/run/secrets" in path
    }
    assert files == example["stringData"].keys()


def test_nobody_speaks_with_anybody_unless_it_is_said():
    policies = of_kind("NetworkPolicy")
    assert policies["nobody"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name in ("web", "worker"):
        wide = [
            block["ipBlock"]
            for rule in policies[name]["spec"]["egress"]
            for block in rule["to"]
            if block.get("ipBlock", {}).get("cidr") == "0.0.0.0/0"
        ]
        assert wide
        assert all("169.254.0.0/16" in block["except"] for block in wide)


@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")
def test_kustomize_builds_it():
    done = subprocess.run(["kubectl", "kustomize", str(KUBERNETES)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "image: registry.example.com/steward:" in done.stdout
    assert "image: steward\n" not in done.stdout
