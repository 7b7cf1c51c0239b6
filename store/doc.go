// Package store keeps what healthagent must not lose: people, their messages, food, reminders and points in PostgreSQL, and the
// copies in Redis (or in memory) that make reading them cheap. It holds the records, one file a noun with the SQL above its
// method, and the machinery they share: pool, cache, tracer and the unit of work.
//
// It decides nothing: what a message means is app/coach's, what a reminder's rule is app/remind's.
//
// Every statement carries its name in a comment after the verb (SELECT /* get_conversation_history */ …), so that the client's
// figures, pg_stat_statements and pg_stat_activity agree on it. No parameter value is ever logged.
package store
