"""What the pages say of that which each tenant has from the start."""

BUILT_IN_MEANS = "Every tenant has it from the start. Change its times, pause it or delete it as you like: it stays so."
