"""The local stack: real PostgreSQL, Valkey, web and workers on a machine where nothing is prepared.

Production does not need this package: it sets `DATABASE_URL` and `REDIS_URL` and has its own supervisor.
"""
