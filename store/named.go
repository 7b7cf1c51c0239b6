package store

// NamedQuery is a statement of the product whose plan matters: the very text that is sent, the index of migration 017 that must
// answer it, and real arguments to try it with.
type NamedQuery struct {
	Name  string // as in its comment
	SQL   string
	Index string // the index of migration 017 that must answer it
	Node  string // the plan node that reads it: "Index Only Scan" or "Index Scan"
	// Sample is a query for one row of arguments, as text, one column each: those of somebody who has rows, found without reading a
	// table through, whether the indexes of 017 are there or not. It has no row when there is no data, and no column when the
	// statement has no arguments.
	Sample string
}

// plainConversationSQL is the specification's own statement, as somebody writes it who knows nothing of the two halves.
const plainConversationSQL = `
SELECT /* get_conversation_plain */ role, content, message_type, metadata, "timestamp"
FROM   conversation_history
WHERE  user_id = $1
ORDER  BY "timestamp" DESC
LIMIT  $2`

const (
	indexOnlyScan = "Index Only Scan"
	indexScan     = "Index Scan"
)

// NamedQueries returns the statements that migration 017 is for, in the order of its indexes. A statement that two of them answer
// together is there twice, once for each.
func NamedQueries() []NamedQuery {
	const (
		covering = "idx_conversation_history_user_timestamp_covering"
		long     = "idx_conversation_history_user_timestamp_long"
		plain    = "idx_conversation_history_user_timestamp"
		food     = "idx_food_entries_user_date_range"
		foodName = "idx_food_entries_user_name"
		reminder = "idx_reminders_next_execution"
		active   = "idx_users_telegram_id_active"
		xp       = "idx_user_gamification_xp_desc"
	)
	return []NamedQuery{
		named(conversationSQL, covering, indexOnlyScan, sampleConversationSQL),
		named(conversationPageSQL, covering, indexOnlyScan, samplePageSQL),
		named(conversationSQL, long, indexScan, sampleConversationSQL),
		named(plainConversationSQL, plain, indexScan, sampleConversationSQL),
		named(foodTotalsSQL, food, indexOnlyScan, sampleDaySQL),
		named(foodRangeSQL, food, indexScan, sampleWeekSQL),
		named(dueRemindersSQL, reminder, indexScan, sampleDueSQL),
		named(nextDueSQL, reminder, indexOnlyScan, sampleNextDueSQL),
		named(activeUserSQL, active, indexOnlyScan, sampleActiveSQL),
		named(leaderboardSQL, xp, indexOnlyScan, sampleLeaderboardSQL),
		named(favouritesSQL, foodName, indexOnlyScan, sampleFavouritesSQL),
	}
}

func named(sql, index, node, sample string) NamedQuery {
	return NamedQuery{Name: QueryName(sql), SQL: sql, Index: index, Node: node, Sample: sample}
}
