"""Commands that cross rooms: onboard, enable, disable, retire, issue a secret."""
