-- What Telegram handed over, committed before it is acknowledged. raw holds the bytes as they came: jsonb would refuse \u0000,
-- lone surrogates and 1e999999. raw is NULL for strangers and once their /start or /activate is done.
CREATE TABLE inbox (
    bot_id      bigint      NOT NULL,
    update_id   bigint      NOT NULL,
    chat_id     bigint      NOT NULL DEFAULT 0,
    user_id     bigint      NOT NULL DEFAULT 0,
    kind        text        NOT NULL CHECK (octet_length(kind) <= 64),
    raw         bytea,
    state       text        NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'retry', 'done', 'parked', 'dead')),
    attempts    integer     NOT NULL DEFAULT 0,
    next_try_at timestamptz,
    error       text,       -- the chain of errors, never what the person wrote
    tg_date     timestamptz,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    done_at     timestamptz,
    PRIMARY KEY (bot_id, update_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);

CREATE INDEX inbox_pending ON inbox (chat_id, update_id) WHERE state IN ('new', 'retry');
CREATE INDEX inbox_received ON inbox USING brin (received_at) WITH (pages_per_range = 16); -- the purge's
