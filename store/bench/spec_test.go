package bench

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func spec() Spec {
	return Spec{Users: 1000, Messages: 40_000, Seed: 1, Now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}.withDefaults()
}

func all(t table) []byte {
	l := line{}
	t.rows(&l, 0, t.total)
	return l.buf
}

func everyTable(s Spec) []table {
	c := NewCrowd(s.Users)
	return []table{s.users(c), s.progress(c), s.messages(c), s.foods(c), s.reminders(c)}
}

// Batches are made by whoever is free: what is in them must not depend on it.
func TestTheSameSeedGivesTheSameRows(t *testing.T) {
	t.Parallel()
	other := spec()
	other.Seed = 2
	again, differing := everyTable(spec()), everyTable(other)
	for i, made := range everyTable(spec()) {
		first := all(made)
		if !bytes.Equal(first, all(again[i])) {
			t.Errorf("%s: not the same rows a second time", made.name)
		}
		if bytes.Equal(first, all(differing[i])) {
			t.Errorf("%s: another seed gives the same rows", made.name)
		}
		if got := bytes.Count(first, []byte("\n")); got != made.total {
			t.Errorf("%s: %d rows, want %d", made.name, got, made.total)
		}
	}
}

func TestBatchesFollowTheirOrder(t *testing.T) {
	t.Parallel()
	s := spec()
	made := s.messages(NewCrowd(s.Users))
	var whole []byte
	for lo := 0; lo < made.total; lo += batchSize {
		l := line{}
		made.rows(&l, lo, lo+batchSize)
		whole = append(whole, l.buf...)
	}
	var streamed []byte
	for b := range generate(t.Context(), made) {
		streamed = append(streamed, (<-b).text...)
	}
	if !bytes.Equal(streamed, whole) {
		t.Error("what is streamed is not the batches one after the other")
	}
}

func TestFewPeopleWriteMuch(t *testing.T) {
	t.Parallel()
	c := NewCrowd(10_000)
	counts := make([]int, 10_000)
	dice := rand.New(rand.NewPCG(1, 2))
	const calls = 1_000_000
	for range calls {
		counts[c.Rank(dice.Float64())]++
	}
	slices.SortFunc(counts, func(a, b int) int { return b - a })
	top := 0
	for _, n := range counts[:100] {
		top += n
	}
	if share := float64(top) / calls; share < 0.10 || share > 0.30 {
		t.Errorf("the most talkative hundredth writes %.2f of everything", share)
	}
	if median := counts[5000]; median < 20 || median > 80 {
		t.Errorf("the median person writes %d of 1000000", median)
	}
}

func TestRankStaysWithinTheCrowd(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 19, 50, 1000, 10_000_000} {
		c := NewCrowd(n)
		for _, u := range []float64{0, 1e-12, 0.5, 0.999999999, 1 - 1e-16} {
			if k := c.Rank(u); k < 0 || k >= n || active(k) < 0 || member(k) < 0 {
				t.Errorf("%d people: %v gives %d", n, u, k)
			}
		}
		if first, last := c.Rank(0), c.Rank(1-1e-16); first != 0 || last < n*99/100 {
			t.Errorf("%d people: from %d to %d", n, first, last)
		}
	}
}

func TestEverybodyHasAnIDOfTheirOwn(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 50, 1000, 1_000_003} {
		c, seen := NewCrowd(n), map[int64]bool{}
		for rank := range n {
			seen[c.ID(rank)] = true
		}
		if len(seen) != n {
			t.Errorf("%d ids of %d people", len(seen), n)
		}
	}
	served := 0
	for rank := range 1000 {
		if status(rank) == "active" {
			served++
		}
		if status(active(rank)) != "active" || status(member(rank)) == "pending" {
			t.Errorf("rank %d becomes %s and %s", rank, status(active(rank)), status(member(rank)))
		}
	}
	if served != 850 {
		t.Errorf("%d of 1000 are served", served)
	}
}

func TestMessagesAreOfChatSize(t *testing.T) {
	t.Parallel()
	w := newPen(rand.New(rand.NewPCG(3, 3)))
	var sizes []int
	long := 0
	const calls = 20_000
	for i := range calls {
		text := w.message(i%2 == 1)
		if !utf8.Valid(text) || utf8.RuneCount(text) > longest || len(text) == 0 {
			t.Fatalf("message of %d bytes, valid %v", len(text), utf8.Valid(text))
		}
		if len(text) > shortBound {
			long++
		}
		sizes = append(sizes, len(text))
	}
	slices.Sort(sizes)
	if median := sizes[calls/2]; median < 60 || median > 110 {
		t.Errorf("the median message has %d bytes", median)
	}
	if share := float64(long) / calls; share < 0.005 || share > 0.02 {
		t.Errorf("%.3f of the messages are long", share)
	}
	if largest := sizes[calls-1]; largest < 4000 {
		t.Errorf("the longest has %d bytes", largest)
	}
}

func TestConversationsAreInterleaved(t *testing.T) {
	t.Parallel()
	s := spec()
	var before time.Time
	var last string
	neighbours := 0
	rows := strings.Split(strings.TrimSuffix(string(all(s.messages(NewCrowd(s.Users)))), "\n"), "\n")
	for i, row := range rows {
		cells := strings.Split(row, "\t")
		at, err := time.Parse("2006-01-02 15:04:05.999999Z07:00", cells[6])
		if err != nil || at.Before(before) || at.After(s.Now) {
			t.Fatalf("row %d: %v after %v (%v)", i, at, before, err)
		}
		if cells[1] != strconv.Itoa(i+1) || cells[2] != []string{"user", "assistant"}[i%2] {
			t.Fatalf("row %d: %v", i, cells[:3])
		}
		if i%2 == 0 && cells[0] == last {
			neighbours++
		}
		before, last = at, cells[0]
	}
	if share := float64(neighbours) / float64(len(rows)/2); share > 0.05 {
		t.Errorf("%.2f of the exchanges follow one of the same person", share)
	}
}

func TestScriptAsksThePeopleThatThePoolAsks(t *testing.T) {
	t.Parallel()
	for _, q := range Queries(spec()) {
		text, values := q.script(NewCrowd(1000))
		if strings.Contains(text, "$") {
			t.Errorf("%s: a parameter has no name in\n%s", q.Name, text)
		}
		for name := range values {
			if !strings.Contains(text, ":"+name) {
				t.Errorf("%s: %s stands nowhere", q.Name, name)
			}
		}
		if q.SQL == "" || q.Index == "" && q.Name != "get_user" {
			t.Errorf("%s has no statement or no index", q.Name)
		}
	}
}

func TestParseIndex(t *testing.T) {
	t.Parallel()
	got, ok := ParseIndex("CREATE INDEX CONCURRENTLY idx_a\n    ON b (c)")
	if !ok || got.Name != "idx_a" || got.Table != "b" {
		t.Errorf("got %+v, %v", got, ok)
	}
	if _, ok := ParseIndex("DROP INDEX CONCURRENTLY idx_a"); ok {
		t.Error("a DROP is no index")
	}
}

func TestWithDatabase(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"postgres://u:p@h:1/d?sslmode=disable":          "postgres://u:p@h:1/x?sslmode=disable",
		"postgresql://h/d?dbname=e&host=%2Frun":         "postgresql://h/x?host=%2Frun",
		"host=/run/postgresql user=u dbname=d":          "host=/run/postgresql user=u dbname=d dbname=x",
		"postgres:///d?host=%2Frun%2Fpostgresql&port=1": "postgres:///x?host=%2Frun%2Fpostgresql&port=1",
	} {
		if got, err := withDatabase(given, "x"); err != nil || got != want {
			t.Errorf("%s: %s, %v", given, got, err)
		}
	}
}
