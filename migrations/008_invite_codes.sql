-- Codes that make a stranger a member.
CREATE TABLE invite_codes (
    code       text        PRIMARY KEY CHECK (octet_length(code) BETWEEN 4 AND 64),
    max_uses   integer     NOT NULL DEFAULT 1 CHECK (max_uses > 0),
    uses       integer     NOT NULL DEFAULT 0 CHECK (uses >= 0 AND uses <= max_uses),
    expires_at timestamptz, -- NULL: never
    revoked_at timestamptz,
    note       text        NOT NULL DEFAULT '' CHECK (octet_length(note) <= 512),
    created_by text        NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
