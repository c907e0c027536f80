"""Workers are tested on the plain loop. On uvloop, which the services run on, flow tests use them: within one long
process of many loops, uvloop may miss the end of a child.
"""
