"""A secret is run through good and bad paths of a portal in a process of its own, and looked for everywhere after."""
