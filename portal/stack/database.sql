-- What one database needs before migrations; run by a superuser inside it, as often as you like.
-- The four extensions are those that every PostgreSQL since 15 ships, also without OpenSSL and ICU.
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS btree_gist;

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO encargo_app', current_database());
END
$$;

ALTER SCHEMA public OWNER TO encargo_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO
    encargo_app, app_creditor, app_agency, app_platform, app_door, app_worker, app_loader;
