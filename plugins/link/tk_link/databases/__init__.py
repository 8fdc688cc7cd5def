"""Tables in databases: address -> store (sqlite, duck, postgres) -> read, write."""
