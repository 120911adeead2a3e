"""How files of other systems are read: in a stream, within limits, whatever is in them. Pure: no database, no clock."""
