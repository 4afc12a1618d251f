"""Tables computed from others: building, checking and querying them."""
