"""Pictures and files made fit for an upstream; the decoding of what strangers send is left to a process of its own."""
