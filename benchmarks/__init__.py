"""What a request costs: the real services between a fast mock upstream and a load generator.

`mock` answers as Kiro does, `stack` starts it and the services, `load` asks, `report` does sums.
CPU per request is the figure to trust: it repeats within a few per cent where throughput follows
the machine's mood. Compare gateways, and versions, by ratios within one run on one machine.
"""
