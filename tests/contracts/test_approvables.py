"""What everything that can be approved keeps to, whichever room it belongs to."""

import inspect
import re
from uuid import uuid4

import pytest

from identities.approvals.models import ApprovalRequest
from identities.approvals.subjects.base import Approvable, kinds

pytestmark = pytest.mark.django_db
OURS = [kind for kind in kinds.values() if not kind.__module__.startswith("tests.")]
EVERY = pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.kind)
WIDTH = int(ApprovalRequest._meta.get_field("subject_kind").max_length or 0)


def test_there_are_some() -> None:
    assert {"identity_request", "identity", "elevation", "break_glass"} <= {kind.kind for kind in OURS}


@EVERY
def test_it_has_a_name_that_lasts_and_one_for_people(kind: type[Approvable]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.kind)
    assert len(kind.kind) <= WIDTH
    assert kind.label
    assert kinds[kind.kind] is kind


@EVERY
def test_what_is_gone_has_no_content(kind: type[Approvable]) -> None:
    assert kind().content(uuid4()) is None


@EVERY
def test_it_says_what_a_yes_and_a_no_do(kind: type[Approvable]) -> None:
    for name in ("content", "owners", "approved", "ended"):
        assert name in vars(kind)
        assert inspect.signature(getattr(kind, name)) == inspect.signature(getattr(Approvable, name))


@EVERY
def test_its_page_is_known(kind: type[Approvable]) -> None:
    from identities.admin.approval_rows import PAGES

    assert kind.kind in PAGES


def test_two_kinds_of_one_name_are_refused() -> None:
    with pytest.raises(TypeError):
        type("Other", (Approvable,), {"kind": OURS[0].kind})
