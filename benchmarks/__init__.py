"""What a request costs: the real services between a fast mock upstream and a load generator."""
