"""Amazon Web Services: users, keys and roles of IAM."""
