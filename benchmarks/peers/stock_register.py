"""Peer (c): the register's table in Django's own admin as it comes: a ModelAdmin with its columns, filters and search.

It stands in the process of our own admin, over the same rows, so that nothing but the admin differs.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template import engines

from identities.inventory.models import ManagedIdentity


class StockIdentityAdmin(admin.ModelAdmin):
    """Everything that our list shows, by the documented options. A superuser sees all; nothing is counted twice."""

    list_display = (
        "name", "kind", "triage", "environment", "state", "business_owner_label", "owner_team", "auth_method",
        "rotate_by", "last_used_at", "completeness",
    )  # fmt: skip
    list_filter = ("triage", "environment", "state", "kind", "risk_tier", "use_state", "auth_method")
    list_select_related = ("owner_team",)
    search_fields = (
        "name", "client_id", "purpose", "description", "application", "ticket", "business_owner_label",
        "technical_owner_label", "deputy_owner_label", "owner_team__name",
    )  # fmt: skip
    ordering = ("name", "pk")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.change_list_template = engines["stock"].get_template("admin/change_list.html")  # type: ignore[misc]
        return super().changelist_view(request, extra_context)


class FiftyIdentityAdmin(StockIdentityAdmin):
    """The same with as many rows a page as ours."""

    list_per_page = 50


site, fifty = admin.AdminSite(name="stock"), admin.AdminSite(name="stock50")
site.register(ManagedIdentity, StockIdentityAdmin)
fifty.register(ManagedIdentity, FiftyIdentityAdmin)
