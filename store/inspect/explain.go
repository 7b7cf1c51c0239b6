package inspect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// ExplainOptions say how a statement is explained. The zero value asks for the generic plan and runs nothing.
type ExplainOptions struct {
	// Analyze runs the statement, with Args, in a transaction that is rolled back, and counts rows, pages and time.
	Analyze bool
	// Args are the values of $1, $2, …; without them NULL stands for each, which a generic plan does not look at.
	Args []any
	// Custom plans for the very Args, as the server does for the first executions of a prepared statement. The plan's conditions
	// then hold the values.
	Custom bool
	// NoSeqScan forbids sequential and bitmap scans, to see whether an index could serve on a table too small to need it.
	NoSeqScan bool
}

// Explain returns the plan of one of our own parametrised statements, never of somebody else's. It uses a connection of its own: up
// to 30 s when the statement runs, 2 s otherwise. Errors of the server may quote the values of Args.
func (i *Inspector) Explain(ctx context.Context, sql string, o ExplainOptions) (Plan, error) {
	if (o.Analyze || o.Custom) && o.Args == nil && parameters(sql) {
		return Plan{}, errors.New("explain: the statement has parameters: give the values to run it or to plan for them")
	}
	budget, mode := unhasty, pgx.ReadOnly
	if o.Analyze {
		budget, mode = onDemand, pgx.ReadWrite // SELECT … FOR UPDATE counts as a write
	}
	var plan Plan
	err := i.alone(ctx, "explain", budget, mode, func(ctx context.Context, s *session) (err error) {
		plan, err = s.explain(ctx, sql, o)
		return err
	})
	return plan, err
}

// parameters tells whether a statement of ours has any: they are numbered from $1 and none of our texts holds that otherwise.
func parameters(sql string) bool { return strings.Contains(sql, "$1") }

const plannerSQL = `
SELECT /* healthagent:planner */ set_config('plan_cache_mode', $1, true),
       set_config('enable_seqscan', $2, true),
       set_config('enable_bitmapscan', $2, true),
       set_config('lock_timeout', '2s', true)`

const preparedParametersSQL = `
SELECT /* healthagent:prepared */ cardinality(parameter_types)
FROM   pg_prepared_statements
WHERE  name = 'inspected'`

// explain goes through PREPARE because that gives a generic plan on every version; GENERIC_PLAN exists from 16 on and cannot run.
func (s *session) explain(ctx context.Context, sql string, o ExplainOptions) (Plan, error) {
	mode, scans := "force_generic_plan", "on"
	if o.Custom {
		mode = "force_custom_plan"
	}
	if o.NoSeqScan {
		scans = "off"
	}
	if _, err := s.tx.Exec(ctx, plannerSQL, mode, scans); err != nil {
		return Plan{}, fmt.Errorf("set the planner up: %w", err)
	}
	// The extended protocol takes one statement and no more, whatever the text holds.
	if err := s.conn.PgConn().ExecParams(ctx, "PREPARE inspected AS "+sql, nil, nil, nil, nil).Read().Err; err != nil {
		return Plan{}, fmt.Errorf("prepare the statement: %w", err)
	}
	var count int
	if err := s.tx.QueryRow(ctx, preparedParametersSQL).Scan(&count); err != nil {
		return Plan{}, fmt.Errorf("count the parameters: %w", err)
	}
	args := o.Args
	if args == nil {
		args = make([]any, count) // NULLs
	}
	if len(args) != count {
		return Plan{}, fmt.Errorf("the statement has %d parameters, not %d", count, len(args))
	}
	options := "FORMAT JSON"
	if o.Analyze {
		options += ", ANALYZE, BUFFERS"
	}
	text := "EXPLAIN /* healthagent:explain */ (" + options + ") EXECUTE inspected" + placeholders(count)
	var raw []byte
	// EXECUTE takes no parameters of the protocol, so the driver writes the values as literals.
	if err := s.tx.QueryRow(ctx, text, append([]any{pgx.QueryExecModeSimpleProtocol}, args...)...).Scan(&raw); err != nil {
		return Plan{}, err
	}
	return parsePlan(raw, o.Analyze)
}

// placeholders is ($1, $2), or nothing for none.
func placeholders(n int) string {
	if n == 0 {
		return ""
	}
	marks := make([]string, n)
	for i := range marks {
		marks[i] = "$" + strconv.Itoa(i+1)
	}
	return "(" + strings.Join(marks, ", ") + ")"
}

// planJSON is a node as EXPLAIN (FORMAT JSON) writes it.
type planJSON struct {
	Type        string  `json:"Node Type"`
	Operation   string  `json:"Operation"`
	Relation    string  `json:"Relation Name"`
	Index       string  `json:"Index Name"`
	IndexCond   string  `json:"Index Cond"`
	Filter      string  `json:"Filter"`
	Cost        float64 `json:"Total Cost"`
	Rows        float64 `json:"Plan Rows"`
	ActualRows  float64 `json:"Actual Rows"`
	Loops       float64 `json:"Actual Loops"`
	ActualMS    float64 `json:"Actual Total Time"`
	Removed     float64 `json:"Rows Removed by Filter"`
	HeapFetches float64 `json:"Heap Fetches"`
	SharedHit   int64   `json:"Shared Hit Blocks"`
	SharedRead  int64   `json:"Shared Read Blocks"`

	Plans []planJSON `json:"Plans"`
}

func parsePlan(raw []byte, analyzed bool) (Plan, error) {
	var found []struct {
		Plan      planJSON `json:"Plan"`
		Planning  float64  `json:"Planning Time"`
		Execution float64  `json:"Execution Time"`
	}
	if err := json.Unmarshal(raw, &found); err != nil || len(found) == 0 {
		return Plan{}, fmt.Errorf("read the plan: %w", errors.Join(err, errors.New("no plan in the answer")))
	}
	p := Plan{Root: found[0].Plan.node(), Analyzed: analyzed}
	if analyzed {
		p.PlanningMS, p.ExecutionMS = found[0].Planning, found[0].Execution
	}
	return p, nil
}

func (p planJSON) node() Node {
	n := Node{
		Type: p.Type, Operation: p.Operation, Relation: p.Relation, Index: p.Index, IndexCond: p.IndexCond, Filter: p.Filter,
		Cost: p.Cost, Rows: p.Rows, ActualRows: p.ActualRows, Loops: p.Loops, ActualMS: p.ActualMS, Removed: p.Removed,
		HeapFetches: int64(p.HeapFetches), SharedHit: p.SharedHit, SharedRead: p.SharedRead,
	}
	for _, child := range p.Plans {
		n.Children = append(n.Children, child.node())
	}
	return n
}
