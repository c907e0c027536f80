"""What decodes pictures and PDFs: a process for a few jobs of one request, which nothing but those is told to.

No other part of the data plane imports this or the libraries it stands on.
"""
