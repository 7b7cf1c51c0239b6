package acts

import (
	"fmt"
	"slices"
	"strings"

	"healthagent/migrations"
	"healthagent/store"
	"healthagent/tui/source"
)

// lookAtStatements fills in which named statements fare differently afterwards: as a trial found, or those that the indexes are for.
func (r *Runner) lookAtStatements(f *found, plans []migrations.Preview) {
	figures := map[string]source.Statement{}
	if s := r.state(); s.Statements != nil {
		for _, st := range s.Statements.List {
			figures[st.Name] = st
		}
	}
	for _, p := range plans {
		for _, q := range p.Queries {
			f.addTrial(q)
		}
	}
	if len(f.Queries) == 0 {
		for _, name := range readersOf(f.facts.Indexes, r.state().Statements) {
			f.Queries = append(f.Queries, source.PreviewQuery{Name: name})
		}
	}
	var costlier, worst, calls float64
	now := r.exactly(f.Queries)
	for i := range f.Queries {
		q := &f.Queries[i]
		st := figures[q.Name]
		q.CallsMin, q.P95MS, q.MeanMS = st.CallsMin, st.P95MS, st.MeanMS
		if x := now[q.Name]; x.Calls > 0 {
			q.P95MS = x.P95MS
		}
		if q.Factor >= costlierFactor {
			costlier, worst, calls = costlier+1, max(worst, q.Factor), calls+q.CallsMin
		}
	}
	slices.SortStableFunc(f.Queries, func(a, b source.PreviewQuery) int {
		switch {
		case a.Factor > b.Factor:
			return -1
		case a.Factor < b.Factor:
			return 1
		default:
			return 0
		}
	})
	if costlier > 0 {
		f.Estimate = loadText(int(costlier), calls, worst)
	}
	f.facts.Plans = f.Queries
	f.facts.Order = affected(f.facts, f.Queries, r.state().Statements)
}

// costlierFactor is from where on a plan counts as costlier.
const costlierFactor = 1.1

// loadText says how many calls get costlier plans. It names no time: a planner's cost is none, and times that were reckoned from costs have
// been a hundred times what was measured afterwards. The watch measures.
func loadText(statements int, calls, worst float64) string {
	who := count(statements, "statement gets a costlier plan", "statements get costlier plans")
	if calls >= 0.5 {
		who = fmt.Sprintf("%.0f calls/min get costlier plans", calls)
	}
	times := fmt.Sprintf("x%.0f", worst)
	if worst < 10 {
		times = fmt.Sprintf("x%.1f", worst)
	}
	return who + ", at worst " + times + "; costs are not times"
}

// exactly is how statements have fared since an act last changed something: their p95 now, and no mixture of before and after.
func (r *Runner) exactly(queries []source.PreviewQuery) map[string]Figures {
	if r.cfg.Figures == nil {
		return nil
	}
	var names []string
	for _, q := range queries {
		names = append(names, q.Name)
	}
	now := r.cfg.Now()
	return r.cfg.Figures(names, r.undisturbed(now, nil, r.state()), now)
}

// addTrial takes over what a trial found. A statement that two indexes answer together is one statement.
func (f *found) addTrial(q migrations.TrialQuery) {
	now, after := useText(q.Now), useText(q.Without)
	i := slices.IndexFunc(f.Queries, func(have source.PreviewQuery) bool { return have.Name == q.Name })
	if i < 0 {
		line := source.PreviewQuery{Name: q.Name, Now: now, After: after}
		if q.Now.Cost > 0 {
			line.Factor = q.Without.Cost / q.Now.Cost
		}
		f.Queries = append(f.Queries, line)
		return
	}
	have := &f.Queries[i]
	if !slices.Contains(strings.Split(have.Now, " + "), now) {
		have.Now += " + " + now
	}
	if !slices.Contains(strings.Split(have.After, " + "), after) {
		have.After += " + " + after
	}
}

// useText is how a plan reads a table, in a few words.
func useText(u migrations.PlanUse) string {
	switch {
	case u.Node == "Index Only Scan" && strings.HasSuffix(u.Index, "_pkey"):
		return "index only by key"
	case u.Node == "Index Only Scan":
		return "index only"
	case u.Node == "Index Scan" && strings.HasSuffix(u.Index, "_pkey"):
		return "index by key"
	case u.Node == "Index Scan":
		return "index"
	case strings.HasPrefix(u.Node, "Bitmap"):
		return "bitmap"
	case u.Node == "Seq Scan":
		return "seq scan"
	default:
		return strings.ToLower(u.Node)
	}
}

// readersOf names the statements that the indexes are for, or that read one of them now.
func readersOf(indexes []string, statements *source.Statements) []string {
	var out []string
	add := func(name string) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, q := range store.NamedQueries() {
		if slices.Contains(indexes, q.Index) {
			add(q.Name)
		}
	}
	if statements != nil {
		for _, st := range statements.List {
			if st.Index != "" && slices.Contains(indexes, st.Index) || st.Expected != "" && slices.Contains(indexes, st.Expected) {
				add(st.Name)
			}
		}
	}
	return out
}

// most is how many statements an act is watched by.
const most = 16

// affected names the statements to watch: those of the preview, those that the indexes are for, and what writes into their tables.
func affected(f facts, previewed []source.PreviewQuery, statements *source.Statements) []string {
	var out []string
	for _, q := range previewed {
		out = append(out, q.Name)
	}
	for _, name := range readersOf(f.Indexes, statements) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	if statements != nil {
		for _, st := range statements.List {
			if writesInto(st.SQL, f.Tables) && !slices.Contains(out, st.Name) {
				out = append(out, st.Name)
			}
		}
	}
	return out[:min(len(out), most)]
}

// writesInto tells whether a statement of ours adds rows to one of the tables: an index more or less is felt there.
func writesInto(sql string, tables []string) bool {
	words := strings.Fields(strings.ToLower(sql))
	i := slices.Index(words, "into")
	if len(words) == 0 || words[0] != "insert" || i < 0 || i+1 >= len(words) {
		return false
	}
	name, _, _ := strings.Cut(words[i+1], "(")
	return slices.Contains(tables, strings.TrimPrefix(name, "public."))
}
