"""Reports of secret scanners. What they found is never looked at: only where, and by which rule."""
