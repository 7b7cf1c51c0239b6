-- One row a person. telegram_id is the owner in every other table's key.
-- subscription_status defaults to 'active' for rows that others insert; the bot's own sign-up writes 'pending' while access is by invitation.
CREATE TABLE users (
    telegram_id         bigint      PRIMARY KEY CHECK (telegram_id > 0),
    subscription_status text        NOT NULL DEFAULT 'active'
                                    CHECK (subscription_status IN ('pending', 'active', 'inactive')),
    display_name        text        NOT NULL DEFAULT '' CHECK (octet_length(display_name) <= 512),
    timezone            text        NOT NULL DEFAULT 'UTC' CHECK (octet_length(timezone) BETWEEN 1 AND 64),
    timezone_set_at     timestamptz,             -- NULL: never chosen, UTC is only assumed
    leaderboard_name    text        CHECK (octet_length(leaderboard_name) BETWEEN 1 AND 128), -- NULL: not on the leaderboard
    unreachable_at      timestamptz,             -- Telegram answered 403: nothing is sent until the person writes again
    invite_code         text,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 90);

-- The daemon caches this row for an hour: whoever changes it (psql, another process) makes the daemon forget it at once.
CREATE FUNCTION users_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('healthagent_users', coalesce(new.telegram_id, old.telegram_id)::text);
    RETURN NULL;
END
$$;

CREATE TRIGGER users_changed_update AFTER UPDATE ON users FOR EACH ROW
    WHEN (old.* IS DISTINCT FROM new.*) EXECUTE FUNCTION users_changed();
CREATE TRIGGER users_changed_delete AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION users_changed();
