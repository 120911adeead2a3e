"""What is wrong with an identity: findings by rule, after the OWASP NHI Top 10 (2025)."""
