-- The roles of one PostgreSQL cluster; run by a superuser, as often as you like.
-- encargo_owner owns the database and its schema and runs migrations. encargo_app is what web and workers sign in as: it owns
-- nothing, inherits nothing, and puts on exactly one of the six roles below in each transaction (SET LOCAL ROLE).
-- Row-level security binds all of them but app_loader, which fills staging tables, and the tables of cases
-- from them, and reads nothing.
DO $$
DECLARE
    role_name text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'encargo_owner') THEN
        CREATE ROLE encargo_owner LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'encargo_app') THEN
        CREATE ROLE encargo_app LOGIN NOINHERIT;
    END IF;
    FOREACH role_name IN ARRAY ARRAY[
        'app_creditor', 'app_agency', 'app_platform', 'app_door', 'app_worker', 'app_loader'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
        END IF;
        -- From 16 on a membership says itself whether it is inherited; before, NOINHERIT of the login says it.
        IF current_setting('server_version_num')::int >= 160000 THEN
            EXECUTE format('GRANT %I TO encargo_app WITH INHERIT FALSE, SET TRUE', role_name);
        ELSE
            EXECUTE format('GRANT %I TO encargo_app', role_name);
        END IF;
    END LOOP;
    ALTER ROLE app_loader BYPASSRLS;
END
$$;
