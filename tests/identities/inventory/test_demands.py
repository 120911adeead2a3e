"""What a person is asked for."""

from identities.inventory.demands import of_a_vendor
from identities.inventory.models import ManagedIdentity


def test_a_vendors_identity_asks_for_people_and_a_way_to_end_it() -> None:
    assert set(of_a_vendor(ManagedIdentity(ownership_class="vendor"))) == {
        "business_owner",
        "technical_owner",
        "revocation_procedure",
    }
    assert of_a_vendor(ManagedIdentity(ownership_class="workload")) == {}


def test_an_owner_whom_nobody_knows_is_told_as_such() -> None:
    asked = of_a_vendor(ManagedIdentity(ownership_class="vendor", business_owner_label="Somebody"))
    assert "nobody is known as 'Somebody'" in asked["business_owner"][0]
    assert asked["technical_owner"] == ["A vendor identity needs this."]
