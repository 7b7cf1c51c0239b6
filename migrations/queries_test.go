package migrations_test

import "healthagent/migrations"

// productQueries are the product's statements as package store sends them.
func productQueries() []migrations.Query {
	const both = `
SELECT /* get_conversation_history */ id, role, content, message_type, metadata, "timestamp"
FROM (
    (SELECT id, role, content, message_type, metadata, "timestamp"
     FROM   conversation_history
     WHERE  user_id = $1
     AND    octet_length(content) + 4 * coalesce(octet_length(metadata::text), 0) <= 2500
     ORDER  BY "timestamp" DESC, id DESC
     LIMIT  $2)
    UNION ALL
    (SELECT id, role, content, message_type, metadata, "timestamp"
     FROM   conversation_history
     WHERE  user_id = $1
     AND    octet_length(content) + 4 * coalesce(octet_length(metadata::text), 0) > 2500
     ORDER  BY "timestamp" DESC, id DESC
     LIMIT  $2)
) AS halves
ORDER BY "timestamp" DESC, id DESC
LIMIT $2`
	const anyone = `SELECT user_id::text, '20' FROM conversation_history ORDER BY user_id DESC, id DESC LIMIT 1`
	const eater = `SELECT user_id::text, '-infinity', 'infinity' FROM food_entries ORDER BY user_id DESC, id DESC LIMIT 1`
	return []migrations.Query{
		{Name: "get_conversation_history", SQL: both, Index: "idx_conversation_history_user_timestamp_covering", Node: "Index Only Scan", Sample: anyone},
		{Name: "get_conversation_history", SQL: both, Index: "idx_conversation_history_user_timestamp_long", Node: "Index Scan", Sample: anyone},
		{Name: "get_conversation_plain", SQL: `
SELECT /* get_conversation_plain */ role, content, message_type, metadata, "timestamp"
FROM   conversation_history
WHERE  user_id = $1
ORDER  BY "timestamp" DESC
LIMIT  $2`, Index: "idx_conversation_history_user_timestamp", Node: "Index Scan", Sample: anyone},
		{Name: "get_food_totals", SQL: `
SELECT /* get_food_totals */
       count(*), coalesce(sum(calories), 0), coalesce(sum(protein), 0), coalesce(sum(carbs), 0), coalesce(sum(fat), 0)
FROM   food_entries
WHERE  user_id = $1 AND "timestamp" >= $2 AND "timestamp" < $3`, Index: "idx_food_entries_user_date_range", Node: "Index Only Scan", Sample: eater},
		{Name: "get_food_entries", SQL: `
SELECT /* get_food_entries */ id, food_name, grams, "timestamp"
FROM   food_entries
WHERE  user_id = $1 AND "timestamp" >= $2 AND "timestamp" < $3
ORDER  BY "timestamp", id`, Index: "idx_food_entries_user_date_range", Node: "Index Scan", Sample: eater},
		{Name: "get_due_reminders", SQL: `
SELECT /* get_due_reminders */ r.user_id, r.id, u.timezone, u.subscription_status = 'active' AND u.unreachable_at IS NULL
FROM   reminders AS r
JOIN   users AS u ON u.telegram_id = r.user_id
WHERE  r.active AND r.next_execution_time <= $1 AND r.next_execution_time > '-infinity'
ORDER  BY r.next_execution_time
LIMIT  $2
FOR    UPDATE OF r SKIP LOCKED
FOR    SHARE OF u SKIP LOCKED`, Index: "idx_reminders_next_execution", Node: "Index Scan", Sample: "SELECT 'now', '100' FROM reminders LIMIT 1"},
		{
			Name: "get_next_due", SQL: `
SELECT /* get_next_due */ min(next_execution_time)
FROM   reminders
WHERE  active AND next_execution_time > '-infinity' AND next_execution_time < 'infinity'`,
			Index: "idx_reminders_next_execution", Node: "Index Only Scan", Sample: "SELECT FROM reminders LIMIT 1",
		},
		{
			Name: "get_active_user", SQL: `
SELECT /* get_active_user */ 1 / count(*)
FROM   users
WHERE  telegram_id = $1 AND subscription_status = 'active'`, Index: "idx_users_telegram_id_active", Node: "Index Only Scan",
			Sample: "SELECT telegram_id::text FROM users WHERE subscription_status = 'active' ORDER BY telegram_id DESC LIMIT 1",
		},
		{Name: "get_leaderboard", SQL: `
SELECT /* get_leaderboard */ g.user_id, u.leaderboard_name, g.total_xp, g.current_level, g.current_streak
FROM   user_gamification AS g
JOIN   users AS u ON u.telegram_id = g.user_id
WHERE  u.leaderboard_name IS NOT NULL AND u.subscription_status = 'active'
ORDER  BY g.total_xp DESC, g.user_id
LIMIT  $1`, Index: "idx_user_gamification_xp_desc", Node: "Index Only Scan", Sample: "SELECT '10' FROM user_gamification LIMIT 1"},
		{Name: "get_food_favourites", SQL: `
SELECT /* get_food_favourites */ food_name, count(*), sum(calories), sum(protein)
FROM   food_entries
WHERE  user_id = $1
GROUP  BY food_name
ORDER  BY count(*) DESC, food_name
LIMIT  $2`, Index: "idx_food_entries_user_name", Node: "Index Only Scan", Sample: anyone},
	}
}
