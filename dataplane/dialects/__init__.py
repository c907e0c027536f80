"""The client side: parse requests, encode events. Each dialect is a plug-in and knows no other."""
