package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Role says whose message it is.
type Role string

// The two sides of a conversation.
const (
	FromUser      Role = "user"
	FromAssistant Role = "assistant"
)

// WindowSize is how many of the newest messages a window holds.
const WindowSize = 20

// Message is one message of a conversation.
type Message struct {
	ID       int64           `json:"id"`
	Role     Role            `json:"role"`
	Content  string          `json:"content"`
	Type     string          `json:"type"`               // text, photo, edit, callback…; at most 32 bytes
	Metadata json.RawMessage `json:"metadata,omitempty"` // an object, or nil
	Time     time.Time       `json:"time"`
}

const messageColumns = `id, role, content, message_type, metadata, "timestamp"`

// The predicates of the two indexes, word for word.
const (
	isShort = `octet_length(content) + 4 * coalesce(octet_length(metadata::text), 0) <= 2500`
	isLong  = `octet_length(content) + 4 * coalesce(octet_length(metadata::text), 0) > 2500`
)

// Two halves, each with its own order and limit: the first is answered by the covering index alone, the second by its twin of the
// few long messages.
const conversationSQL = `
SELECT /* get_conversation_history */ ` + messageColumns + `
FROM (
    (SELECT ` + messageColumns + `
     FROM   conversation_history
     WHERE  user_id = $1
     AND    ` + isShort + `
     ORDER  BY "timestamp" DESC, id DESC
     LIMIT  $2)
    UNION ALL
    (SELECT ` + messageColumns + `
     FROM   conversation_history
     WHERE  user_id = $1
     AND    ` + isLong + `
     ORDER  BY "timestamp" DESC, id DESC
     LIMIT  $2)
) AS halves
ORDER BY "timestamp" DESC, id DESC
LIMIT $2`

// Window returns a person's newest messages, at most WindowSize, oldest first. It comes from the cache when it is there. The slice
// is shared and must not be changed.
func (s *Store) Window(ctx context.Context, userID int64) ([]Message, error) {
	lock := s.people.of(userID)
	lock.Lock()
	defer lock.Unlock()
	key := s.cache.history.key(personID(userID))
	if window, found := s.cache.history.get(ctx, key); found {
		return window, nil
	}
	keep := s.settled(ctx)
	window, err := s.readWindow(ctx, userID)
	if err != nil {
		return nil, err
	}
	if keep {
		s.cache.history.set(ctx, key, window)
	}
	return window, nil
}

// extendWindow puts committed messages into the cached window, if there is one. What is there already is recognised by its id: a
// reader may have fetched the window between the commit and this. forgotten is the stripe's count from before the commit: when it
// has changed the messages may be gone again.
func (s *Store) extendWindow(ctx context.Context, userID, forgotten int64, fresh []*Message) {
	lock := s.people.of(userID)
	lock.Lock()
	defer lock.Unlock()
	key := s.cache.history.key(personID(userID))
	if lock.forgotten.Load() != forgotten {
		s.cache.history.forget(ctx, key)
		return
	}
	old, found, err := s.cache.history.look(ctx, key)
	if err != nil {
		s.cache.distrust() // a copy without these messages may be there
	}
	if err != nil || !found {
		return
	}
	window := slices.Clone(old)
	for _, m := range fresh {
		if !slices.ContainsFunc(window, func(w Message) bool { return w.ID == m.ID }) {
			window = append(window, *m)
		}
	}
	slices.SortFunc(window, func(a, b Message) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
	})
	s.cache.history.set(ctx, key, window[max(0, len(window)-WindowSize):])
}

const insertMessageSQL = `
INSERT /* insert_message */ INTO conversation_history (user_id, role, content, message_type, metadata)
SELECT $1, m.role, m.content, m.message_type, m.metadata::jsonb
FROM   unnest($2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS m (role, content, message_type, metadata, place)
ORDER  BY m.place
RETURNING id, "timestamp"`

// AddMessage stores messages of one person's conversation in the given order, in one statement; after the commit they are appended
// to the cached window. Their ids and times are the database's.
func (tx *Tx) AddMessage(userID int64, messages ...Message) {
	if len(messages) == 0 {
		return
	}
	fresh := make([]*Message, len(messages))
	for i, m := range messages {
		m.Content, m.Metadata = clean(m.Content), cleanJSON(m.Metadata)
		fresh[i] = &m
	}
	tx.add(insertMessageSQL, []any{
		userID,
		column(fresh, func(m *Message) string { return string(m.Role) }),
		column(fresh, func(m *Message) string { return m.Content }),
		column(fresh, func(m *Message) string { return m.Type }),
		column(fresh, metadataText),
	}, func(r result) error {
		rows, err := r.query()
		if err != nil {
			return err
		}
		i := 0
		var id int64
		var at time.Time
		_, err = pgx.ForEachRow(rows, []any{&id, &at}, func() error {
			fresh[i].ID, fresh[i].Time = id, at
			i++
			return nil
		})
		return err
	})
	forgotten := tx.store.people.of(userID).forgotten.Load()
	tx.AfterCommit(func(ctx context.Context) { tx.store.extendWindow(ctx, userID, forgotten, fresh) })
}

// metadataText is an object as the database parses it; nil for none.
func metadataText(m *Message) *string {
	if len(m.Metadata) == 0 {
		return nil
	}
	text := string(m.Metadata)
	return &text
}
