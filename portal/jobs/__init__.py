"""Work that nobody waits for: the only place that knows RQ and Redis.

PostgreSQL remembers what is to be done; Redis only says that there is something. RQ may run a job zero, one or several
times and two copies may overlap: nothing but latency depends on it.
"""
