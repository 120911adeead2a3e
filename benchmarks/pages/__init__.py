"""Every page of the admin and every list of the API over a register of a million: what each costs."""
