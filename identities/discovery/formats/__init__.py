"""What the members of each vendor's export mean: pure mappings from one object of a file to what the register keeps."""
