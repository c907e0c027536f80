"""The services as the data plane calls them."""
