-- healthagent: no-transaction
-- All eight of 017, the newest first. IF EXISTS: what an interrupted run dropped already is no reason to stop.
DROP INDEX CONCURRENTLY IF EXISTS idx_food_entries_user_name;
DROP INDEX CONCURRENTLY IF EXISTS idx_user_gamification_xp_desc;
DROP INDEX CONCURRENTLY IF EXISTS idx_users_telegram_id_active;
DROP INDEX CONCURRENTLY IF EXISTS idx_reminders_next_execution;
DROP INDEX CONCURRENTLY IF EXISTS idx_food_entries_user_date_range;
DROP INDEX CONCURRENTLY IF EXISTS idx_conversation_history_user_timestamp;
DROP INDEX CONCURRENTLY IF EXISTS idx_conversation_history_user_timestamp_long;
DROP INDEX CONCURRENTLY IF EXISTS idx_conversation_history_user_timestamp_covering;
