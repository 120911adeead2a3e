"""Addresses of pages: remembered shapes give what the routes give, for every kind of key."""

from uuid import uuid4

import pytest
from django.contrib.admin.utils import quote
from django.urls import reverse, set_script_prefix

from identities.admin import pages
from identities.inventory.models import ManagedIdentity

CHANGE = "admin:identities_managedidentity_change"


@pytest.mark.parametrize("key", ["a/b?c", "ü", 7, uuid4()])
def test_a_remembered_address_is_the_one_that_the_routes_give(key):
    assert pages.address_of(ManagedIdentity, key) == reverse(CHANGE, args=[quote(str(key))])


def test_each_object_and_each_command_has_its_own_address():
    one, other = ManagedIdentity(), ManagedIdentity()
    found = {pages.command_of(it, key) for it in (one, other) for key in ("edit", "retire")}
    assert len(found) == 4
    assert pages.page_of(one) != pages.page_of(other)


def test_an_address_follows_what_a_server_puts_before_it():
    plain = pages.list_of(ManagedIdentity)
    try:
        set_script_prefix("/below/")
        assert pages.list_of(ManagedIdentity) == f"/below{plain}"
    finally:
        set_script_prefix("/")
    assert pages.list_of(ManagedIdentity) == plain
