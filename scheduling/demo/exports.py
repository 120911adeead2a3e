"""Which exports were imported when, what people then set by hand, and what they did with single rows."""

from scheduling.demo import cloud, lists
from scheduling.demo.people import PLATFORM
from scheduling.demo.shapes import DAY, Edit, Export, address

AGAIN = {
    "account-again.json": cloud.aws_users_again,
    "keys-again.json": cloud.aws_keys_again,
    "uses.json": cloud.aws_uses,
}

EXPORTS = (
    Export("csv", 29, {"integrations-spring.csv": lists.spring_list}, source="spring-list"),
    Export("aws-iam", 28, {"account.json": cloud.aws_users, "keys.json": cloud.aws_keys, "uses.json": cloud.aws_uses}),
    Export("kubernetes", 20, {"cluster.json": cloud.cluster}, source=cloud.CLUSTER),
    Export("github", 14, {"recipes-keys.json": lists.deploy_keys}),
    Export("keycloak", 13, {"clients.json": lists.cut_off}, source="staff"),
    Export("secret-scan", 8, {"leaks.json": cloud.leaks}),
    Export("aws-iam", 6, AGAIN),
    Export("kubernetes", 0, {"cluster-today.json": cloud.cluster_again}, source=cloud.CLUSTER, is_applied=False),
)

EDITS = (
    Edit(
        "backup-uploader", 24, "It is a key on the backup server, and it works in production",
        {
            "kind": "cloud_key", "environment": "production",
            "purpose": "Uploads the nightly backup to the object store", "risk_tier": "high", "auth_method": "unknown",
        },
    ),
    Edit(
        "shop/checkout", 17, "Described with the team in the review of the cluster",
        {
            "kind": "workload", "purpose": "Takes payments in the shop", "privilege_level": "medium",
            "blast_radius": "write_limited", "business_unit": "Platform", "ticket": "PLAT-611",
            "business_owner": address("amara.diallo"), "owner_team": PLATFORM, "expires_at": 200 * DAY,
            "deprovisioning_trigger": "With the shop", "revocation_procedure": "kubectl delete serviceaccount checkout",
            "auth_method": "federated", "data_classification": "restricted",
        },
    ),
    Edit(
        "press server on harbour-foods/recipes", 12, "Tomasz answers for the press server",
        {
            "technical_owner": address("tomasz.wrobel"), "owner_team": PLATFORM, "environment": "production",
            "purpose": "Prints recipe cards from the repository", "application": "Recipe cards",
        },
    ),
)  # fmt: skip

#: Two rows that were one: kept, absorbed, why, days ago.
MERGE = ("tide-feed-reader", "Tide feed (old list)", "The old list named the tide feed a second time", 21)
#: Retired here, though its account goes on reporting it: name, why.
RETIRED = ("edi-bridge", "The last EDI partner moved to the portal (DATA-399)")
#: What no export holds: who was asked, and the one answer that came. Title, addressee, facts.
QUESTIONNAIRE = (
    "Cameras and gates",
    address("lucia.ferrante"),
    {
        "name": "quay-camera-uploader",
        "kind": "workload",
        "purpose": "Uploads stills of the quay for the insurer",
        "environment": "production",
        "technical_owner": address("lucia.ferrante"),
        "owner_team": "Warehouse and cold chain",
        "auth_method": "long_lived_secret",
    },
)
QUESTION_OPEN_FOR = 30 * DAY
