package store

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Update is what Telegram handed over: the raw bytes and the little that was read of them.
type Update struct {
	BotID    int64
	ID       int64
	ChatID   int64 // 0: none
	UserID   int64 // 0: none
	Kind     string
	Raw      []byte    // nil once it is not to be kept
	Public   bool      // may be kept although its person is no member: /start and /activate
	Sent     time.Time // when the person sent it; zero: unknown
	Arrived  time.Time // when this process was handed it; zero: a process before it was
	Attempts int
	Parked   string // why it can never be handled; empty: it can
}

// inboxSQL keeps the bytes of a member, of anybody when $9 says that access is open, and of what is public; of a stranger's words
// nothing reaches the table. The literal 'active' is what the partial index of active people needs. received_at is what orders
// Pending, so the rows of a batch differ in it.
const inboxSQL = `
INSERT /* insert_inbox */ INTO inbox (bot_id, update_id, chat_id, user_id, kind, raw, tg_date, state, error, done_at, received_at)
SELECT $1, u.update_id, u.chat_id, u.user_id, u.kind,
       CASE WHEN u.public OR $9 OR EXISTS (
                SELECT FROM users WHERE telegram_id = u.user_id AND subscription_status = 'active') THEN u.raw END,
       u.tg_date,
       CASE WHEN u.parked = '' THEN 'new' ELSE 'parked' END, nullif(u.parked, ''),
       CASE WHEN u.parked <> '' THEN clock_timestamp() END,
       statement_timestamp() + u.place * interval '1 microsecond'
FROM   unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bytea[], $7::timestamptz[], $8::boolean[], $10::text[])
       WITH ORDINALITY AS u (update_id, chat_id, user_id, kind, raw, tg_date, public, parked, place)
ON CONFLICT (bot_id, update_id) DO NOTHING
RETURNING update_id`

// Receive commits updates of one bot to the inbox and returns the ids of those that were not there before. keepAll keeps the bytes
// of strangers too. It is one statement: either all of them are safe afterwards or none, except that an update which PostgreSQL
// itself refuses is kept as a parked stub, is not returned, and never fails the others.
//
// After an error the same updates must be handed in again: those that were committed nevertheless, since only the answer was lost,
// are then returned as new.
func (s *Store) Receive(ctx context.Context, botID int64, updates []Update, keepAll bool) (map[int64]bool, error) {
	fresh, err := s.receive(ctx, botID, updates, keepAll)
	if BadValue(err) {
		fresh, err = s.receiveEach(ctx, botID, updates, keepAll)
	}
	s.doubts.settle(botID, updates, fresh, err)
	return fresh, err
}

func (s *Store) receiveEach(ctx context.Context, botID int64, updates []Update, keepAll bool) (map[int64]bool, error) {
	fresh := make(map[int64]bool, len(updates))
	for _, u := range updates {
		one, err := s.receive(ctx, botID, []Update{u}, keepAll)
		if BadValue(err) {
			stub := Update{ID: u.ID, Kind: "refused", Parked: Reason(err)}
			_, err = s.receive(ctx, botID, []Update{stub}, keepAll)
		}
		if err != nil {
			return nil, err
		}
		maps.Copy(fresh, one)
	}
	return fresh, nil
}

// doubts remembers the updates of failed calls of Receive: they may have been committed, but nobody was told that they are new.
type doubts struct {
	mu  sync.Mutex
	ids map[[2]int64]bool // by bot and update
}

// settle remembers updates when err is not nil; else it adds to fresh those that it remembers, and forgets them.
func (d *doubts) settle(botID int64, updates []Update, fresh map[int64]bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil && d.ids == nil {
		d.ids = make(map[[2]int64]bool)
	}
	for _, u := range updates {
		id := [2]int64{botID, u.ID}
		switch {
		case err != nil:
			d.ids[id] = true
		case d.ids[id]:
			fresh[u.ID] = true
			delete(d.ids, id)
		}
	}
}

func (s *Store) receive(ctx context.Context, botID int64, updates []Update, keepAll bool) (map[int64]bool, error) {
	n := len(updates)
	ids, chats, users := make([]int64, n), make([]int64, n), make([]int64, n)
	kinds, raws, dates := make([]string, n), make([][]byte, n), make([]*time.Time, n)
	public, parked := make([]bool, n), make([]string, n)
	for i, u := range updates {
		ids[i], chats[i], users[i], kinds[i], raws[i], public[i] = u.ID, u.ChatID, u.UserID, clean(u.Kind), u.Raw, u.Public
		parked[i] = clean(u.Parked)
		if !u.Sent.IsZero() {
			dates[i] = &updates[i].Sent
		}
	}
	rows, err := s.pool.Query(ctx, inboxSQL, botID, ids, chats, users, kinds, raws, dates, public, keepAll, parked)
	if err != nil {
		return nil, fmt.Errorf("insert into inbox: %w", err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("insert into inbox: %w", err)
	}
	fresh := make(map[int64]bool, len(got))
	for _, id := range got {
		fresh[id] = true
	}
	return fresh, nil
}

// PendingPage is the place up to which Pending has read; the zero value is the beginning.
type PendingPage struct {
	At time.Time
	ID int64
}

const pendingInboxSQL = `
SELECT /* get_pending_inbox */ bot_id, update_id, chat_id, user_id, kind, raw, tg_date, attempts, received_at
FROM   inbox
WHERE  bot_id = $1 AND state IN ('new', 'retry') AND (received_at, update_id) > ($2, $3)
ORDER  BY received_at, update_id
LIMIT  $4`

// Pending returns updates of a bot that are not done, in the order of their coming: what a process that died left behind. page is
// moved on behind the last one returned.
func (s *Store) Pending(ctx context.Context, botID int64, page *PendingPage, limit int) ([]Update, error) {
	rows, err := s.pool.Query(ctx, pendingInboxSQL, botID, page.At, page.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("get pending inbox: %w", err)
	}
	updates, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (u Update, err error) {
		var sent *time.Time
		err = row.Scan(&u.BotID, &u.ID, &u.ChatID, &u.UserID, &u.Kind, &u.Raw, &sent, &u.Attempts, &page.At)
		if sent != nil {
			u.Sent = *sent
		}
		page.ID = u.ID
		return u, err
	})
	if err != nil {
		return nil, fmt.Errorf("get pending inbox: %w", err)
	}
	return updates, nil
}

const finishSQL = `
WITH /* finish_update */ done AS (
    UPDATE inbox
    SET    state = 'done', done_at = clock_timestamp(), error = NULL,
           raw   = CASE WHEN $3 THEN NULL ELSE raw END
    WHERE  bot_id = $1 AND update_id = $2 AND state IN ('new', 'retry')
    RETURNING 1
)
SELECT 1 / count(*) FROM done`

// Finish queues that an update is done: when it was done before, the unit of work fails with ErrAlreadyDone and nothing of it is
// applied again. erase removes its bytes.
func (tx *Tx) Finish(u Update, erase bool) { tx.guard(ErrAlreadyDone, finishSQL, u.BotID, u.ID, erase) }

const burySQL = `
WITH /* bury_update */ buried AS (
    UPDATE inbox
    SET    state = 'dead', attempts = attempts + 1, done_at = clock_timestamp(), error = $3
    WHERE  bot_id = $1 AND update_id = $2 AND state IN ('new', 'retry')
    RETURNING 1
)
SELECT 1 / count(*) FROM buried`

// Bury queues that an update is given up, with the reason; like Finish it fails with ErrAlreadyDone when the update was done before.
func (tx *Tx) Bury(u Update, reason string) {
	tx.guard(ErrAlreadyDone, burySQL, u.BotID, u.ID, clean(reason))
}

const failSQL = `
UPDATE /* fail_update */ inbox
SET    state = CASE WHEN $3 THEN 'dead' ELSE 'retry' END, attempts = attempts + 1, error = $4,
       next_try_at = $5, done_at = CASE WHEN $3 THEN clock_timestamp() END
WHERE  bot_id = $1 AND update_id = $2 AND state IN ('new', 'retry')`

// Fail records why an update could not be handled: to be tried again at next, or given up.
func (s *Store) Fail(ctx context.Context, u Update, reason string, next time.Time, giveUp bool) error {
	if _, err := s.pool.Exec(ctx, failSQL, u.BotID, u.ID, giveUp, clean(reason), next); err != nil {
		return fmt.Errorf("record a failed update: %w", err)
	}
	return nil
}

const parkSQL = `
UPDATE /* park_update */ inbox SET state = 'parked', done_at = clock_timestamp(), error = $3
WHERE  bot_id = $1 AND update_id = $2 AND state IN ('new', 'retry')`

// Park sets an update aside that can never be handled, with the reason.
func (s *Store) Park(ctx context.Context, u Update, reason string) error {
	if _, err := s.pool.Exec(ctx, parkSQL, u.BotID, u.ID, clean(reason)); err != nil {
		return fmt.Errorf("park an update: %w", err)
	}
	return nil
}

// Queues says how much is on the way.
type Queues struct {
	InboxPending  int `json:"inbox_pending"`
	InboxRetry    int `json:"inbox_retry"`
	InboxParked   int `json:"inbox_parked"` // of unknown shape, or refused
	InboxDead     int `json:"inbox_dead"`   // given up after several tries
	OutboxPending int `json:"outbox_pending"`
	OutboxFailed  int `json:"outbox_failed"` // refused by Telegram
}

const queuesSQL = `
SELECT /* count_queues */ i.fresh, i.retry, i.parked, i.dead, o.pending, o.failed
FROM  (SELECT count(*) FILTER (WHERE state = 'new') AS fresh, count(*) FILTER (WHERE state = 'retry') AS retry,
              count(*) FILTER (WHERE state = 'parked') AS parked, count(*) FILTER (WHERE state = 'dead') AS dead
       FROM   inbox) AS i,
      (SELECT count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'failed') AS failed
       FROM   outbox) AS o`

// Queues counts the rows of inbox and outbox by state.
func (s *Store) Queues(ctx context.Context) (q Queues, err error) {
	err = s.pool.QueryRow(ctx, queuesSQL).Scan(&q.InboxPending, &q.InboxRetry, &q.InboxParked, &q.InboxDead,
		&q.OutboxPending, &q.OutboxFailed)
	if err != nil {
		return Queues{}, fmt.Errorf("count queues: %w", err)
	}
	return q, nil
}
