"""The scheduler under load: start lag, claim and tick among many rows, fairness between tenants, misfire."""
