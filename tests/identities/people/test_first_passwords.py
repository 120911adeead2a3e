"""What Steward makes for somebody's first sign-in meets every rule it holds others to."""

from identities.people import first_passwords, passwords


def test_first_passwords_fit_the_rules_and_differ():
    made = {first_passwords.generate() for _ in range(50)}
    assert len(made) == 50
    assert not any(passwords.problems(text, min_length=12) for text in made)
