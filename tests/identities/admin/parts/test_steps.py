"""Steps say in words how far they are, and escape what they are told."""

from identities.admin.parts import Step, Steps


def test_a_step_is_done_waited_for_or_to_come_in_words_and_for_screen_readers():
    text = str(Steps("Rotation", [Step("Issued", "09:00", is_done=True), Step("Seen", is_now=True), Step("Retired")]))
    assert [text.index(word) for word in ("done", "waited for", "to come")] == sorted(
        text.index(word) for word in ("done", "waited for", "to come")
    )
    assert text.count('aria-current="step"') == 1


def test_evidence_is_escaped():
    assert "<script>" not in str(Steps("Rotation", [Step("Seen", "<script>")]))
