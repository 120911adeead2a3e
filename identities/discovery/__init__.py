"""Where identities really live: exports of other systems, read, compared and merged into the register."""
