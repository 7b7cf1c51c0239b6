package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Class is the priority of what is to be sent; lower goes first.
type Class int

// From the most to the least urgent.
const (
	CallbackAnswer Class = iota
	Reply
	ReminderNote
	Digest
	Broadcast
)

// Outgoing is one call of the Bot API that is to be made.
type Outgoing struct {
	ID       int64
	ChatID   int64
	Class    Class
	Method   string
	Params   json.RawMessage // the method's parameters as Telegram names them
	Attempts int
	Erase    bool // keep nothing of it once it is sent
}

const insertOutboxSQL = `
INSERT /* insert_outbox */ INTO outbox (chat_id, class, method, params, erase)
VALUES ($1, $2, $3, $4, $5)`

// Send queues calls of the Bot API to be made after the commit, in the given order.
func (tx *Tx) Send(calls ...Outgoing) {
	for _, o := range calls {
		tx.exec(insertOutboxSQL, o.ChatID, o.Class, o.Method, cleanJSON(o.Params), o.Erase)
	}
}

const pendingOutboxSQL = `
SELECT /* get_pending_outbox */ id, chat_id, class, method, params, attempts, erase
FROM   outbox
WHERE  state = 'pending' AND not_before <= $1 AND id <> ALL (coalesce($2::bigint[], '{}')) AND class <= $4
ORDER  BY class, id
LIMIT  $3`

const sentOutboxSQL = `
UPDATE /* finish_outbox */ outbox
SET    state = r.state, message_id = nullif(r.message_id, 0), error = nullif(r.error, ''), sent_at = $5, attempts = attempts + 1
FROM   unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[]) AS r (id, state, message_id, error)
WHERE  outbox.id = r.id`

const eraseOutboxSQL = `
DELETE /* erase_outbox */ FROM outbox WHERE id = ANY ($1)`

const deferOutboxSQL = `
UPDATE /* defer_outbox */ outbox SET not_before = r.until, attempts = attempts + 1, error = r.error
FROM   unnest($1::bigint[], $2::timestamptz[], $3::text[]) AS r (id, until, error)
WHERE  outbox.id = r.id`

// Sending is what became of one call.
type Sending struct {
	ID        int64
	MessageID int64     // Telegram's; 0: none
	Failed    string    // why Telegram refused it for good; empty: it was sent
	Until     time.Time // not zero: try it again from then on, Failed says why
	Erase     bool      // keep nothing of it, whether it was sent or refused
}

// TurnOutbox records what became of calls and returns the next ones that are due, most urgent first, in one round trip. Those in
// busy are under way and are left out, as are those less urgent than least. limit 0 only records. It is for the one sender only:
// rows are not claimed, a process that dies between the call and the record makes it again.
func (s *Store) TurnOutbox(ctx context.Context, ended []Sending, busy []int64, now time.Time, limit int, least Class) ([]Outgoing, error) {
	statements := recordEnded(ended, now)
	var due []Outgoing
	if limit > 0 {
		statements = append(statements, queued{pendingOutboxSQL, []any{now, busy, limit, least}, func(r result) error {
			rows, err := r.query()
			if err != nil {
				return err
			}
			due, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (o Outgoing, err error) {
				return o, row.Scan(&o.ID, &o.ChatID, &o.Class, &o.Method, &o.Params, &o.Attempts, &o.Erase)
			})
			return err
		}})
	}
	if len(statements) == 0 {
		return nil, nil
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("turn the outbox: %w", err)
	}
	defer conn.Release()
	if err := s.pipeline(ctx, conn.Conn(), statements); err != nil {
		return nil, fmt.Errorf("turn the outbox: %w", err)
	}
	return due, nil
}

func recordEnded(ended []Sending, now time.Time) (statements []queued) {
	var (
		ids, messages, erased, later []int64
		states, errs, laterErrs      []string
		until                        []time.Time
	)
	for _, e := range ended {
		switch {
		case !e.Until.IsZero():
			later, until, laterErrs = append(later, e.ID), append(until, e.Until), append(laterErrs, clean(e.Failed))
		case e.Erase:
			erased = append(erased, e.ID)
		default:
			state := "sent"
			if e.Failed != "" {
				state = "failed"
			}
			ids, states = append(ids, e.ID), append(states, state)
			messages, errs = append(messages, e.MessageID), append(errs, clean(e.Failed))
		}
	}
	if len(ids) > 0 {
		statements = append(statements, queued{sql: sentOutboxSQL, args: []any{ids, states, messages, errs, now}})
	}
	if len(erased) > 0 {
		statements = append(statements, queued{sql: eraseOutboxSQL, args: []any{erased}})
	}
	if len(later) > 0 {
		statements = append(statements, queued{sql: deferOutboxSQL, args: []any{later, until, laterErrs}})
	}
	return statements
}

const moveChatSQL = `
UPDATE /* move_chat */ outbox SET chat_id = $2, params = jsonb_set(params, '{chat_id}', to_jsonb($2::bigint))
WHERE  chat_id = $1 AND state = 'pending'`

// MoveChat follows a group that became a supergroup: what waits for the old chat goes to the new one.
func (s *Store) MoveChat(ctx context.Context, from, to int64) error {
	if _, err := s.pool.Exec(ctx, moveChatSQL, from, to); err != nil {
		return fmt.Errorf("move chat: %w", err)
	}
	return nil
}
