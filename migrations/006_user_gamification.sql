-- Experience points, level and streak of a person; total_xp is always the sum of their xp_transactions.
CREATE TABLE user_gamification (
    user_id         bigint  PRIMARY KEY REFERENCES users (telegram_id) ON DELETE CASCADE,
    total_xp        bigint  NOT NULL DEFAULT 0 CHECK (total_xp >= 0),
    current_level   integer NOT NULL DEFAULT 1 CHECK (current_level >= 1),
    current_streak  integer NOT NULL DEFAULT 0 CHECK (current_streak >= 0),
    longest_streak  integer NOT NULL DEFAULT 0 CHECK (longest_streak >= 0),
    freezes         integer NOT NULL DEFAULT 0 CHECK (freezes >= 0),
    last_active_day date    -- in the person's zone; NULL: never active
) WITH (fillfactor = 80);
