"""The data plane: client bytes into events, events into client bytes; asks before, reports after."""
