package store_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"healthagent/store"
)

// Whatever the sizes of the pages, together they are the conversation: against a sort of what was put in.
func TestHistoryIsAPlainSort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1, 2, 3)
	random := rand.New(rand.NewPCG(5, 6))
	want := map[int64][]store.Message{}
	for i := range 150 {
		user, id := int64(1+random.IntN(2)), int64(random.Uint32())
		m := store.Message{
			ID: id, Role: store.FromUser, Content: fmt.Sprint(i), Type: "text",
			Time: w.now.Add(time.Duration(random.IntN(15)) * time.Microsecond), // many share an instant
		}
		if random.IntN(3) == 0 {
			m.Content += strings.Repeat(" long", 600)
		}
		want[user] = append(want[user], m)
		w.exec(`INSERT INTO conversation_history (user_id, id, role, content, "timestamp") VALUES ($1, $2, $3, $4, $5)`,
			user, m.ID, m.Role, m.Content, m.Time)
	}
	for user := int64(1); user <= 3; user++ {
		slices.SortFunc(want[user], func(a, b store.Message) int {
			return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.ID, a.ID))
		})
		for _, limit := range []int{1, 7, 20, 1000} {
			var got []store.Message
			var at store.Cursor
			for {
				page, err := w.History(t.Context(), user, at, limit)
				must(t, err)
				got = append(got, page...)
				if len(page) < limit {
					break
				}
				at = page[len(page)-1].Cursor()
			}
			if !sameWindow(got, want[user]) {
				t.Errorf("person %d by %d: got %s\nwant %s", user, limit, outline(got), outline(want[user]))
			}
		}
	}
}

// A place need not be a message's.
func TestHistoryBeforeAnInstant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	for i := range 3 {
		w.exec(`INSERT INTO conversation_history (user_id, role, content, "timestamp") VALUES (1, 'user', $1, $2)`,
			fmt.Sprint(i), w.now.Add(time.Duration(i)*time.Hour))
	}
	for hours, want := range map[int]int{-1: 0, 0: 0, 1: 1, 3: 3} {
		page, err := w.History(t.Context(), 1, store.Cursor{Time: w.now.Add(time.Duration(hours) * time.Hour)}, 20)
		must(t, err)
		equal(t, fmt.Sprint("before ", hours), len(page), want)
	}
}
