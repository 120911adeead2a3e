"""HTML from parts: everything is escaped but what is HTML already, exactly as Django does it."""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy
from hypothesis import given, strategies as st

from identities.admin.parts import Badge, Quiet
from identities.admin.parts.markup import joined, markup

PARTS = st.one_of(
    st.text(), st.integers(), st.none(), st.floats(), st.text().map(mark_safe), st.builds(Badge, st.text(), st.text()),
    st.text().map(gettext_lazy), st.text().map(Quiet),
)  # fmt: skip


def test_what_somebody_wrote_never_becomes_html():
    evil = "<script>alert('x')</script>\"&"
    assert "<script>" not in markup('<b title="{}">{}</b>', evil, Quiet(evil))
    assert "<script>" not in joined("<li>{}</li>", [[evil], [Badge(evil, evil, evil)]])


def test_what_is_html_already_stays():
    assert markup("<p>{}</p>", SafeString("<b>x</b>")) == "<p><b>x</b></p>"
    assert isinstance(markup("{}", "x"), SafeString)


@given(PARTS, PARTS)
def test_it_is_what_django_makes_of_it(one, other):
    assert markup("<b>{}</b>{}", one, other) == format_html("<b>{}</b>{}", one, other)
    assert joined("<i>{}</i>", [(one,), (other,)]) == format_html_join("", "<i>{}</i>", [(one,), (other,)])
