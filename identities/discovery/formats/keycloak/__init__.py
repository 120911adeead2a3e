"""Keycloak: clients of a realm and their service accounts. https://www.keycloak.org/docs-api/latest/rest-api"""
