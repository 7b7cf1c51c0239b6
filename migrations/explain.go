package migrations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Query is a statement of the product whose plan matters. Sample and Node may be
// empty; a statement that two indexes answer together is there twice.
type Query struct {
	Name  string // as in its comment
	SQL   string // one statement, with $1, $2… as it is sent
	Index string // the index that must answer it; empty: none in particular
	Node  string // the plan node that reads it: "Index Only Scan" or "Index Scan"
	// Sample is a query for one row of real arguments, as text, one column each. It
	// has no row when there is no data.
	Sample string
}

// Plan nodes that read an index by itself.
const (
	indexScan     = "Index Scan"
	indexOnlyScan = "Index Only Scan"
)

// planNode is what is read of a plan in JSON.
type planNode struct {
	Type        string     `json:"Node Type"`
	Relation    string     `json:"Relation Name"`
	Index       string     `json:"Index Name"`
	Cost        float64    `json:"Total Cost"`
	HeapFetches *float64   `json:"Heap Fetches"`
	Plans       []planNode `json:"Plans"`
}

// each calls f for the node and everything below it, from the top.
func (p *planNode) each(f func(*planNode)) {
	f(p)
	for i := range p.Plans {
		p.Plans[i].each(f)
	}
}

// reading returns the node that reads the index, the wanted kind before others;
// nil when none does.
func (p *planNode) reading(index, want string) *planNode {
	var found *planNode
	p.each(func(n *planNode) {
		if n.Index == index && (found == nil || found.Type != want && n.Type == want) {
			found = n
		}
	})
	return found
}

// scanOf returns the costliest node that reads the table, nil when none does. Of
// a bitmap scan it names the index too.
func (p *planNode) scanOf(table string) *planNode {
	var found *planNode
	p.each(func(n *planNode) {
		if n.Relation == table && (found == nil || n.Cost > found.Cost) {
			found = n
		}
	})
	if found == nil || found.Index != "" {
		return found
	}
	scan := planNode{Type: found.Type, Relation: found.Relation, Cost: found.Cost}
	found.each(func(n *planNode) {
		if scan.Index == "" && n.Type == "Bitmap Index Scan" {
			scan.Index = n.Index
		}
	})
	return &scan
}

// heapFetches sums the visits to the table of all index-only scans of the index;
// nil when the plan was not run or has none.
func (p *planNode) heapFetches(index string) *int64 {
	var sum *int64
	p.each(func(n *planNode) {
		if n.Index != index || n.HeapFetches == nil {
			return
		}
		if sum == nil {
			sum = new(int64)
		}
		*sum += int64(*n.HeapFetches)
	})
	return sum
}

// String names the node and what it reads.
func (p *planNode) String() string {
	switch {
	case p.Index != "" && p.Relation != "":
		return fmt.Sprintf("%s of %s by %s", p.Type, p.Relation, p.Index)
	case p.Index != "":
		return fmt.Sprintf("%s of %s", p.Type, p.Index)
	case p.Relation != "":
		return fmt.Sprintf("%s of %s", p.Type, p.Relation)
	default:
		return p.Type
	}
}

// observe opens a session that looks and does not disturb: it gives up rather than
// queue behind a lock, because whoever comes next would queue behind it.
func (e *Engine) observe(ctx context.Context) (*session, error) {
	s, err := e.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.run(ctx, "SET statement_timeout = '30s'; SET lock_timeout = '2s'"); err != nil {
		s.close()
		return nil, fmt.Errorf("set up a session that looks: %w", err)
	}
	return s, nil
}

// The one way to a plan that works from PostgreSQL 15 to 18 and is the plan that
// cached statements come to: prepared, generic, without arguments.
const generic = "SET LOCAL plan_cache_mode = force_generic_plan"

// explain returns the generic plan of a query under planner settings such as
// "enable_seqscan = off", which end with the call. It runs nothing.
func (s *session) explain(ctx context.Context, q Query, settings ...string) (*planNode, error) {
	return s.inPlanning(ctx, settings, func() (*planNode, error) {
		execute, err := s.prepare(ctx, "healthagent_probe", q)
		if err != nil {
			return nil, err
		}
		return s.planOf(ctx, "EXPLAIN (FORMAT JSON) "+execute)
	})
}

// analyze runs the query by its generic plan with the arguments, nil for NULL, and
// takes back whatever it did.
func (s *session) analyze(ctx context.Context, q Query, args []*string) (*planNode, error) {
	return s.inPlanning(ctx, nil, func() (*planNode, error) {
		if _, err := s.prepare(ctx, "healthagent_probe", q); err != nil {
			return nil, err
		}
		values := make([]string, len(args))
		for i, a := range args {
			values[i] = quoteLiteral(a)
		}
		return s.planOf(ctx, "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "+execute("healthagent_probe", values))
	})
}

// inPlanning calls f in a transaction that is rolled back. A cached plan does not
// notice changed planner settings, so every call must prepare anew: nothing
// prepared outlives it.
func (s *session) inPlanning(ctx context.Context, settings []string, f func() (*planNode, error)) (*planNode, error) {
	tx, err := s.conn.Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer func() {
		// A connection that cannot do this is closed, which does it too.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = tx.Rollback(ctx)
		_ = s.run(ctx, "DEALLOCATE ALL")
	}()
	for _, setting := range append([]string{generic}, settings...) {
		if err := s.run(ctx, setting); err != nil {
			return nil, err
		}
	}
	return f()
}

// prepare makes a prepared statement and returns the EXECUTE with a NULL for each
// parameter. More than one statement is refused: only the first would be prepared.
func (s *session) prepare(ctx context.Context, name string, q Query) (string, error) {
	statements, err := Split(q.SQL)
	if err != nil {
		return "", err
	}
	if len(statements) != 1 {
		return "", fmt.Errorf("%d statements where there must be one", len(statements))
	}
	if err := s.run(ctx, "PREPARE "+name+" AS "+statements[0].Text); err != nil {
		return "", err
	}
	var n int
	err = s.conn.QueryRow(ctx, `SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = $1`, name).Scan(&n)
	if err != nil {
		return "", fmt.Errorf("count the parameters: %w", err)
	}
	nulls := make([]string, n)
	for i := range nulls {
		nulls[i] = "NULL"
	}
	return execute(name, nulls), nil
}

func execute(name string, args []string) string {
	if len(args) == 0 {
		return "EXECUTE " + name
	}
	return "EXECUTE " + name + "(" + strings.Join(args, ", ") + ")"
}

// planOf reads what an EXPLAIN in JSON says.
func (s *session) planOf(ctx context.Context, explain string) (*planNode, error) {
	results, err := s.conn.PgConn().Exec(ctx, explain).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(results) != 1 || len(results[0].Rows) != 1 {
		return nil, errors.New("EXPLAIN gave no plan")
	}
	var plans []struct{ Plan planNode }
	if err := json.Unmarshal(results[0].Rows[0][0], &plans); err != nil || len(plans) != 1 {
		return nil, errors.Join(errors.New("read the plan"), err)
	}
	return &plans[0].Plan, nil
}

// sample asks for one row of real arguments; ok is false when there is none.
func (s *session) sample(ctx context.Context, q Query) (args []*string, ok bool, err error) {
	if q.Sample == "" {
		return nil, false, nil
	}
	results, err := s.conn.PgConn().Exec(ctx, q.Sample).ReadAll()
	if err != nil || len(results) != 1 || len(results[0].Rows) == 0 {
		return nil, false, err
	}
	for _, value := range results[0].Rows[0] {
		if value == nil {
			args = append(args, nil)
			continue
		}
		text := string(value)
		args = append(args, &text)
	}
	return args, true, nil
}

// quoteLiteral writes a value as SQL; the session has standard_conforming_strings.
func quoteLiteral(value *string) string {
	if value == nil {
		return "NULL"
	}
	return "'" + strings.ReplaceAll(*value, "'", "''") + "'"
}

// why says in words of ours why a query could not be tried. The server's messages
// of class 22 quote values of rows and are left out.
func why(err error) string {
	var pg *pgconn.PgError
	switch {
	case !errors.As(err, &pg):
		return err.Error()
	case pg.Code == "55P03":
		return "another session holds a lock that is in the way: try again later"
	case strings.HasPrefix(pg.Code, "22"):
		return "a value does not fit (SQLSTATE " + pg.Code + ")"
	default:
		return fmt.Sprintf("%s (SQLSTATE %s)", pg.Message, pg.Code)
	}
}
