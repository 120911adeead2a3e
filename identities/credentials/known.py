"""Which texts are secrets that we issued, and whose."""

from collections.abc import Collection, Mapping

from django.views.decorators.debug import sensitive_variables

from identities.credentials.digests import accepted_digests
from identities.credentials.models import ClientSecret

AT_ONCE = 500


@sensitive_variables("texts", "digests", "part")
def known(texts: Collection[str]) -> Mapping[str, ClientSecret]:
    """By text, the secrets among `texts` that were issued here, live or ended, with their identity at hand.

    One query for five hundred texts; only keyed digests reach the database.
    """
    digests = {digest: text for text in texts for digest in accepted_digests(text)}
    found: dict[str, ClientSecret] = {}
    every = sorted(digests)
    for start in range(0, len(every), AT_ONCE):
        part = every[start : start + AT_ONCE]
        for secret in ClientSecret.objects.filter(digest__in=part).select_related("identity"):
            found[digests[secret.digest]] = secret
    return found
