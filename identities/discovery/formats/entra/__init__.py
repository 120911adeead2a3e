"""Microsoft Entra ID: applications and service principals, as Graph and the az command print them.

Members are read in Graph's spelling (appId) and in that of the Python SDKs (app_id).
https://learn.microsoft.com/graph/api/resources/serviceprincipal and .../application
"""
