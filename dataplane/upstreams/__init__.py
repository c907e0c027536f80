"""The provider side: build requests, decode bytes. Each upstream is a plug-in and knows no other."""
