package store

import (
	"context"
	"fmt"
	"time"
)

const forgetUserSQL = `
DELETE /* forget_user */ FROM users WHERE telegram_id = $1`

// The ids of updates stay, without anything that says whose they were: Telegram may hand the last ones over again, and they must
// not be taken for new.
const forgetInboxSQL = `
UPDATE /* forget_inbox */ inbox SET chat_id = 0, user_id = 0, raw = NULL, error = NULL, tg_date = NULL
WHERE  (chat_id = $1 OR user_id = $1) AND state NOT IN ('new', 'retry')`

const forgetPendingInboxSQL = `
UPDATE /* forget_pending_inbox */ inbox SET raw = NULL WHERE (chat_id = $1 OR user_id = $1) AND state IN ('new', 'retry')`

const forgetOutboxSQL = `
DELETE /* forget_outbox */ FROM outbox WHERE chat_id = $1`

const forgetAuditSQL = `
UPDATE /* forget_audit */ audit_log SET subject = 'a forgotten user' WHERE subject = 'user ' || $1::bigint`

// Forget queues the removal of everything that is known of a person: their row and with it, through the foreign keys, messages,
// food, reminders and points; their updates' bytes and what waits to be sent to them. After the commit the copies in the cache are
// gone too. Queue it after Finish of the update that asked for it, and queue the last word to them after it, with Erase. Updates
// that wait behind it lose their bytes but keep the person's id until Purge: they came later and are still to be answered.
func (tx *Tx) Forget(userID int64) {
	tx.exec(forgetUserSQL, userID)
	tx.exec(forgetInboxSQL, userID)
	tx.exec(forgetPendingInboxSQL, userID)
	tx.exec(forgetOutboxSQL, userID)
	tx.exec(forgetAuditSQL, userID)
	tx.AfterCommit(func(ctx context.Context) {
		lock := tx.store.people.of(userID)
		lock.Lock()
		defer lock.Unlock()
		lock.forgotten.Add(1)
		cache, id := tx.store.cache, personID(userID)
		cache.preference.erase(ctx, id)
		cache.history.erase(ctx, id)
	})
}

// How long what is done is kept: the inbox longer than Telegram may hand an update over again, the audit for a year and a month.
const (
	keepQueues = 3 * 24 * time.Hour
	keepAudit  = 400 * 24 * time.Hour
)

// purgeAtOnce keeps each statement short: after a long downtime there is much to remove.
const purgeAtOnce = 10000

const purgeInboxSQL = `
DELETE /* purge_inbox */ FROM inbox
WHERE  ctid = ANY (ARRAY(SELECT ctid FROM inbox WHERE received_at < $1 AND state = 'done' LIMIT $2))`

const purgeOutboxSQL = `
DELETE /* purge_outbox */ FROM outbox
WHERE  ctid = ANY (ARRAY(SELECT ctid FROM outbox WHERE created_at < $1 AND state <> 'pending' LIMIT $2))`

const purgeAuditSQL = `
DELETE /* purge_audit */ FROM audit_log
WHERE  ctid = ANY (ARRAY(SELECT ctid FROM audit_log WHERE "timestamp" < $1 LIMIT $2))`

// Purge removes done rows of the inbox and ended rows of the outbox older than three days and audit rows older than 400 days, and
// returns how many rows that were. What is parked, dead or pending stays.
func (s *Store) Purge(ctx context.Context, now time.Time) (int64, error) {
	var total int64
	for _, p := range []struct {
		sql  string
		keep time.Duration
	}{{purgeInboxSQL, keepQueues}, {purgeOutboxSQL, keepQueues}, {purgeAuditSQL, keepAudit}} {
		for more := true; more; {
			tag, err := s.pool.Exec(ctx, p.sql, now.Add(-p.keep), purgeAtOnce)
			if err != nil {
				return total, fmt.Errorf("%s: %w", QueryName(p.sql), err)
			}
			total += tag.RowsAffected()
			more = tag.RowsAffected() == purgeAtOnce
		}
	}
	return total, nil
}
