"""Terraform and OpenTofu: the state that they keep of what they made."""
