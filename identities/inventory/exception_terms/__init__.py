"""What each kind of exception asks for beyond a reason and an end; a room above supplies the file of its kind."""
