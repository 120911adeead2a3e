"""Okta: applications, their group assignments and grants, and API tokens. https://developer.okta.com/docs/api"""
