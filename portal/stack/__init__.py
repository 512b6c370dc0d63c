"""The local stack: starts and stops real PostgreSQL, Valkey, web and workers on a machine where nothing is prepared.

Production does not need this package: with `DATABASE_URL` and `REDIS_URL` set, the same code uses those servers.
"""
