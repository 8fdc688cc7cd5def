"""Tables worked on in shards: inputs → learning → spelling → passes → pairs → groups → output."""
