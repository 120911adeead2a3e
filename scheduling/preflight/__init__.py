"""What would become of a schedule's next runs, tried beforehand without effect: no run, no token, no mark of use."""
