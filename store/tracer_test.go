package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"healthagent/store"
)

// logbook keeps everything that is logged, from the lowest level on.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logbook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logbook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *logbook) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug - 10}))
}

// clock goes on by step at each look.
type clock struct {
	mu   sync.Mutex
	now  time.Time
	step time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(c.step)
	return c.now
}

func TestSlowQueryLine(t *testing.T) {
	t.Parallel()
	var log logbook
	c := &clock{now: time.Unix(1e9, 0)}
	w := newWorld(t, func(cfg *store.Config) { cfg.Logger, cfg.Now = log.logger(), c.Now })
	window := func(step time.Duration) string {
		c.mu.Lock()
		c.step = step
		c.mu.Unlock()
		before := len(log.String())
		_, err := w.Window(t.Context(), time.Now().UnixNano())
		must(t, err)
		return log.String()[before:]
	}
	if line := window(127_450 * time.Microsecond); !strings.Contains(line,
		`level=WARN msg="Slow query 'get_conversation_history': 127.45ms (threshold: 50.00ms)"`) {
		t.Errorf("logged %q", line)
	}
	if line := window(50 * time.Millisecond); !strings.Contains(line, `'get_conversation_history': 50.00ms`) {
		t.Errorf("at the threshold: %q", line)
	}
	if line := window(49_999 * time.Microsecond); line != "" {
		t.Errorf("below the threshold: %q", line)
	}
	equal(t, "slow statements", w.QueryStats().Slow, 2)
	equal(t, "statements", w.QueryStats().Statements, 3)
}

// In a batch every statement has its own time, BEGIN and COMMIT too.
func TestSlowQueriesOfABatch(t *testing.T) {
	t.Parallel()
	var log logbook
	c := &clock{now: time.Unix(1e9, 0), step: 80 * time.Millisecond}
	w := newWorld(t, func(cfg *store.Config) {
		cfg.Logger, cfg.Now, cfg.SlowQuery = log.logger(), c.Now, 75500*time.Microsecond
	})
	w.do(func(_ context.Context, tx *store.Tx) error { tx.Send(reply(1), reply(1)); return nil })
	for name, times := range map[string]int{"begin": 1, "insert_outbox": 2, "commit": 1} {
		equal(t, name, strings.Count(log.String(), "Slow query '"+name+"': 80.00ms (threshold: 75.50ms)"), times)
	}
	err := w.Do(t.Context(), func(_ context.Context, tx *store.Tx) error {
		tx.AddMessage(99, store.Message{Role: store.FromUser, Type: "text"})
		return nil
	})
	if err == nil || !strings.HasPrefix(err.Error(), "insert_message: ") {
		t.Errorf("error %v", err)
	}
	equal(t, "errors", w.QueryStats().Errors, 1)
	if strings.Contains(log.String(), "unnamed") {
		t.Errorf("unnamed statements:\n%s", log.String())
	}
}

func TestQueryName(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"\nSELECT /* get_user */ 1":              "get_user",
		"WITH /* a_b */ x AS (SELECT 1) TABLE x": "a_b",
		"SELECT 1":                               "unnamed",
		"":                                       "unnamed",
		"SELECT /* open":                         "unnamed",
		"SELECT /* two words */ 1":               "unnamed",
	} {
		equal(t, sql, store.QueryName(sql), want)
	}
}

// Nothing that a person wrote reaches a log or an error's reason.
func TestValuesAreNeverLogged(t *testing.T) {
	t.Parallel()
	var log logbook
	w := newWorld(t, func(c *store.Config) { c.Logger, c.SlowQuery = log.logger(), time.Nanosecond })
	w.member(1)
	ctx := t.Context()
	const planted = "PLANTED"
	raw := json.RawMessage(`{"text":"` + planted + `"}`)
	u := update(1, 1)
	u.Raw, u.Kind = raw, planted
	w.receive(u)
	u.ID, u.Kind = 2, strings.Repeat(planted, 20)
	w.receive(u)
	name, code := planted, planted
	_, err := w.CreateInvite(ctx, 1, nil, planted, planted)
	must(t, err)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		tx.Finish(update(1, 1), false)
		tx.AddMessage(1, store.Message{Role: store.FromUser, Content: planted, Type: "text", Metadata: raw})
		tx.AddFood(1, []store.FoodEntry{{Name: planted, Quantity: planted, Grams: 1, Meal: "snack", Time: w.now}})
		tx.AddReminder(&store.Reminder{UserID: 1, Message: planted, Next: w.now})
		tx.Send(store.Outgoing{ChatID: 1, Method: planted, Params: raw})
		tx.Register(2, store.Pending, planted)
		tx.SetLeaderboardName(1, &name)
		var n int64
		tx.RedeemInvite(&n, code, w.now)
		return nil
	})
	_, err = w.Window(ctx, 1)
	must(t, err)
	w.KeepNutrition(ctx, planted, raw)
	must(t, w.Audit(ctx, planted, planted, planted, raw))
	must(t, w.Park(ctx, update(1, 1), planted))
	broken := []func(*store.Tx){
		func(tx *store.Tx) { tx.AddMessage(1, store.Message{Role: planted, Type: "text"}) },
		func(tx *store.Tx) {
			tx.AddMessage(1, store.Message{Role: store.FromUser, Type: "text", Metadata: []byte(planted)})
		},
		func(tx *store.Tx) {
			tx.AddFood(1, []store.FoodEntry{{Name: planted, Grams: 1, Meal: planted, Time: w.now}})
		},
		func(tx *store.Tx) { tx.AddXP(1, strings.Repeat(planted, 50), 1, w.now) },
		func(tx *store.Tx) { tx.SetTimezone(1, strings.Repeat(planted, 50), w.now) },
		func(tx *store.Tx) { tx.Activate(-1, planted, &code) },
	}
	for i, f := range broken {
		err := w.Do(ctx, func(_ context.Context, tx *store.Tx) error { f(tx); return nil })
		if err == nil {
			t.Errorf("%d was accepted", i)
		} else if strings.Contains(store.Reason(err), planted) {
			t.Errorf("%d: %s", i, store.Reason(err))
		}
	}
	if !strings.Contains(log.String(), "insert_message") {
		t.Error("nothing was logged at all")
	}
	report, err := json.Marshal(w.QueryReport())
	must(t, err)
	if bytes.Contains(report, []byte(planted)) || !bytes.Contains(report, []byte("insert_message")) {
		t.Errorf("reported: %s", report)
	}
	if i := strings.Index(log.String(), planted); i >= 0 {
		t.Errorf("logged: …%s", log.String()[max(0, i-200):i+20])
	}
	equal(t, "rows that hold it", w.count(`inbox WHERE error LIKE '%' || $1 || '%' AND state <> 'parked'`, planted), 0)
}

// Every statement of the package bears a name of its own, right after its first word.
func TestEveryStatementHasAName(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	must(t, err)
	values := map[string]ast.Expr{} // constants by name
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		must(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for i, value := range spec.Values {
					values[spec.Names[i].Name] = value
				}
			}
			return true
		})
	}
	verb := regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|BEGIN|COMMIT|ROLLBACK|LISTEN|TABLE|NOTIFY|SET)\b`)
	named := regexp.MustCompile(`^\s*[A-Z]+ /\* ([a-z_]+) \*/ ?`)
	seen := map[string]string{}
	for constant, expr := range values {
		sql, ok := text(values, expr)
		if !ok || !verb.MatchString(sql) {
			if strings.HasSuffix(constant, "SQL") {
				t.Errorf("%s is no statement that is known here", constant)
			}
			continue
		}
		if !strings.HasSuffix(constant, "SQL") {
			t.Errorf("%s is a statement: its name must end in SQL", constant)
		}
		m := named.FindStringSubmatch(sql)
		if m == nil || strings.Count(sql, "/*") != 1 {
			t.Errorf("%s has no name right after its verb, or two: %.60q", constant, sql)
			continue
		}
		equal(t, constant, store.QueryName(sql), m[1])
		if other, taken := seen[m[1]]; taken {
			t.Errorf("%s and %s are both called %s", constant, other, m[1])
		}
		seen[m[1]] = constant
	}
	if len(seen) < 40 {
		t.Errorf("only %d statements were found", len(seen))
	}
	// and there are no statements but those
	for _, path := range files {
		source, err := os.ReadFile(path)
		must(t, err)
		if !strings.HasSuffix(path, "_test.go") && regexp.MustCompile("\\.(Query|QueryRow|Exec|Queue)\\([^)]*[\"`]").Match(source) {
			t.Errorf("%s: a statement that is no constant", path)
		}
	}
}

// text evaluates a constant's expression as far as it is made of strings.
func text(values map[string]ast.Expr, expr ast.Expr) (string, bool) {
	switch e := expr.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		value, known := values[e.Name]
		if !known {
			return "", false
		}
		return text(values, value)
	case *ast.BinaryExpr:
		x, okX := text(values, e.X)
		y, okY := text(values, e.Y)
		return x + y, okX && okY
	}
	return "", false
}
