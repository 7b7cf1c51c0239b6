package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"healthagent/store"
)

// Query is one of the product's statements and who asks it what.
type Query struct {
	Name  string
	SQL   string
	Index string // of migration 017; empty for one that needs none
	Node  string // that reads it
	args  []argument
}

// argument is how a parameter is drawn.
type argument struct {
	kind  kind
	value any // of a fixed one
}

type kind int

const (
	person kind = iota // who is served
	zone               // that person's
	fixed
)

// Queries are the statements to measure on the data of spec: the five of the specification, in its order, each with its kin, and those
// of favourites and of a person's row.
func Queries(spec Spec) []Query {
	spec = spec.withDefaults()
	who, where := argument{kind: person}, argument{kind: zone}
	week, now := argument{fixed, spec.Now.Add(-7 * 24 * time.Hour)}, argument{fixed, spec.Now}
	limit := func(n int) argument { return argument{fixed, n} }
	list := []Query{
		{Name: "get_conversation_history", args: []argument{who, limit(store.WindowSize)}},
		{Name: "get_conversation_plain", args: []argument{who, limit(store.WindowSize)}},
		{Name: "get_food_entries", args: []argument{who, week, now}},
		{Name: "get_food_totals", args: []argument{who, week, now}},
		{Name: "get_due_reminders", args: []argument{now, limit(100)}},
		{Name: "get_next_due"},
		{Name: "get_active_user", args: []argument{who, where}},
		{Name: "get_leaderboard", args: []argument{limit(10)}},
		{Name: "get_food_favourites", args: []argument{who, limit(10)}},
		{Name: "get_user", SQL: store.UserSQL(), args: []argument{who}},
	}
	named := store.NamedQueries()
	for i := range list {
		at := slices.IndexFunc(named, func(n store.NamedQuery) bool { return n.Name == list[i].Name })
		if at >= 0 {
			list[i].SQL, list[i].Index, list[i].Node = named[at].SQL, named[at].Index, named[at].Node
		}
	}
	return list
}

// draw makes the arguments of one call.
func (q Query) draw(crowd Crowd, dice *rand.Rand) []any {
	id, lives := crowd.Ask(dice)
	args := make([]any, len(q.args))
	for i, a := range q.args {
		switch a.kind {
		case person:
			args[i] = id
		case zone:
			args[i] = lives
		case fixed:
			args[i] = a.value
		}
	}
	return args
}

// script is the query for pgbench, and the values of its text parameters by name. pgbench computes numbers only, so a query that asks
// for a zone is there once for each.
func (q Query) script(crowd Crowd) (text string, values map[string]string) {
	values = map[string]string{}
	sql, zoned := strings.TrimSpace(q.SQL)+";\n", false
	for i := len(q.args); i > 0; i-- { // $10 before $1
		name := "p" + strconv.Itoa(i)
		switch a := q.args[i-1]; a.kind {
		case person:
			name = "uid"
		case zone:
			name, zoned = "place", true
		case fixed:
			values[name] = fmt.Sprint(a.value)
			if at, ok := a.value.(time.Time); ok {
				values[name] = at.Format(time.RFC3339Nano)
			}
		}
		sql = strings.ReplaceAll(sql, "$"+strconv.Itoa(i), ":"+name)
	}
	if !zoned {
		return crowd.script() + sql, values
	}
	var b strings.Builder
	b.WriteString(crowd.script())
	for i, name := range zones() {
		place := "place" + strconv.Itoa(i)
		values[place] = name
		b.WriteString(fmt.Sprintf("\\if :zone = %d\n%s\\endif\n", i, strings.ReplaceAll(sql, ":place", ":"+place)))
	}
	return b.String(), values
}

// Ask returns the work of one call of the query through the pool; the rows are read as the bytes that came.
func (s *Scratch) Ask(q Query, crowd Crowd) Work {
	return func(ctx context.Context, dice *rand.Rand) error {
		rows, err := s.pool.Query(ctx, q.SQL, q.draw(crowd, dice)...)
		if err != nil {
			return fmt.Errorf("%s: %w", q.Name, err)
		}
		for rows.Next() {
			_ = rows.RawValues()
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("%s: %w", q.Name, err)
		}
		return nil
	}
}
