"""The table of routes, made from the code: who may call what, and what the same duty means in the admin."""
