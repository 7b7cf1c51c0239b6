-- healthagent: no-transaction
-- The indexes of the hot queries, and nothing else: this migration can be taken back and applied at any time, and psql -f can run it.
-- Each statement is on its own and CONCURRENTLY, so people are served while it builds.

-- The newest messages of a person, answered by the index alone. A btree tuple may have 2704 bytes and an INSERT that exceeds them
-- fails, so only rows that surely fit are in it: jsonb takes at most 4 times its text and 16 bytes, role and message_type are bounded
-- by checks. Every query of ours asks for both halves, each with its own ORDER BY and LIMIT.
CREATE INDEX CONCURRENTLY idx_conversation_history_user_timestamp_covering
    ON conversation_history (user_id, "timestamp" DESC, id DESC)
    INCLUDE (role, content, message_type, metadata)
    WHERE octet_length(content) + 4 * coalesce(octet_length(metadata::text), 0) <= 2500;

-- Its twin: the few long messages, without their texts.
CREATE INDEX CONCURRENTLY idx_conversation_history_user_timestamp_long
    ON conversation_history (user_id, "timestamp" DESC, id DESC)
    WHERE octet_length(content) + 4 * coalesce(octet_length(metadata::text), 0) > 2500;

-- For queries that know nothing of the two halves.
CREATE INDEX CONCURRENTLY idx_conversation_history_user_timestamp
    ON conversation_history (user_id, "timestamp" DESC);

-- What a person ate in a span of time. A predicate with now() cannot exist: it would have to be immutable.
CREATE INDEX CONCURRENTLY idx_food_entries_user_date_range
    ON food_entries (user_id, "timestamp" DESC)
    INCLUDE (calories, protein, carbs, fat);

-- What is due of anybody: the poll reads the due rows and no others.
CREATE INDEX CONCURRENTLY idx_reminders_next_execution
    ON reminders (next_execution_time)
    WHERE active;

-- Whether a person is served, and in which zone, without touching the table. It is chosen by queries that carry the literal.
CREATE INDEX CONCURRENTLY idx_users_telegram_id_active
    ON users (telegram_id)
    INCLUDE (timezone)
    WHERE subscription_status = 'active';

-- The leaderboard. user_id settles ties, and without it no query would be answered by the index alone.
CREATE INDEX CONCURRENTLY idx_user_gamification_xp_desc
    ON user_gamification (total_xp DESC, user_id)
    INCLUDE (current_level, current_streak);

-- What a person eats most often.
CREATE INDEX CONCURRENTLY idx_food_entries_user_name
    ON food_entries (user_id, food_name)
    INCLUDE (calories, protein);
