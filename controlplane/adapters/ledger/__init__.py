"""What keys may still spend: in memory of one process, or in Redis for several."""
