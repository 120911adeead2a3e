"""What can be approved; each room above registers its own kinds when ready."""
