"""What decodes pictures and PDFs: a process for each job, which nothing but the job is told to.

No other part of the data plane imports this or the libraries it stands on.
"""
