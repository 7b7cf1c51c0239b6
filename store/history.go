package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// Cursor is a place in a conversation: that of the message with this time and id. The zero value is behind the newest.
type Cursor struct {
	Time time.Time
	ID   int64
}

// Cursor is the message's place.
func (m Message) Cursor() Cursor { return Cursor{m.Time, m.ID} }

// The place is compared as a row, which is one condition of the index: whatever page is asked for, no message behind it is read.
const conversationPageSQL = `
SELECT /* get_conversation_page */ ` + messageColumns + `
FROM (
    (SELECT ` + messageColumns + `
     FROM   conversation_history
     WHERE  user_id = $1 AND ("timestamp", id) < ($2, $3)
     AND    ` + isShort + `
     ORDER  BY "timestamp" DESC, id DESC
     LIMIT  $4)
    UNION ALL
    (SELECT ` + messageColumns + `
     FROM   conversation_history
     WHERE  user_id = $1 AND ("timestamp", id) < ($2, $3)
     AND    ` + isLong + `
     ORDER  BY "timestamp" DESC, id DESC
     LIMIT  $4)
) AS halves
ORDER BY "timestamp" DESC, id DESC
LIMIT $4`

// History returns up to limit messages of a person's conversation that are older than a place, newest first, past the cache. The
// next page is older than the last message returned; a page with fewer than limit is the last.
func (s *Store) History(ctx context.Context, userID int64, before Cursor, limit int) ([]Message, error) {
	at, id := pgtype.Timestamptz{Time: before.Time, Valid: true}, before.ID
	if before == (Cursor{}) {
		at, id = pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}, math.MaxInt64
	}
	var raw []byte
	err := s.readWire(ctx, func(w *wire) { raw = w.asTheyCame() }, conversationPageSQL, userID, at, id, limit)
	if err != nil {
		return nil, fmt.Errorf("get conversation page: %w", err)
	}
	return decodeWindow(raw)
}
