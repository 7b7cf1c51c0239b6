package widget_test

import (
	"fmt"
	"strings"
	"testing"

	"healthagent/tui/internal/frame"
	"healthagent/tui/look"
	"healthagent/tui/widget"
)

func numbered(n int) []widget.Line {
	lines := make([]widget.Line, n)
	for i := range lines {
		lines[i].Text = fmt.Sprintf("line %d", i+1)
	}
	return lines
}

// seen are the rows that are drawn, without the blank ones.
func seen(text *widget.Text) string {
	var out []string
	for _, line := range strings.Split(text.View(), "\n") {
		if line = strings.TrimRight(line, " "); line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "|")
}

func TestTextScrolls(t *testing.T) {
	t.Parallel()
	text := widget.NewText(frame.Mono(), false)
	text.Resize(20, 3)
	text.SetLines(numbered(10))
	for _, c := range []struct {
		do    func()
		want  string
		place string
	}{
		{func() {}, "  line 1|  line 2|  line 3", "1-3/10"},
		{func() { text.Move(2) }, "  line 3|  line 4|  line 5", "3-5/10"},
		{func() { text.Move(99) }, "  line 8|  line 9|  line 10", "8-10/10"},
		{func() { text.Move(-1) }, "  line 7|  line 8|  line 9", "7-9/10"},
		{text.First, "  line 1|  line 2|  line 3", "1-3/10"},
		{text.Last, "  line 8|  line 9|  line 10", "8-10/10"},
		{func() { text.Resize(20, 20) }, "  line 1|  line 2|  line 3|  line 4|  line 5|  line 6|  line 7|  line 8|  line 9|  line 10", "1-10/10"},
		{func() { text.SetLines(nil) }, "", "0-0/0"},
	} {
		c.do()
		if got := seen(text); got != c.want || text.Place() != c.place {
			t.Errorf("%q at %q, not %q at %q", got, text.Place(), c.want, c.place)
		}
	}
}

func TestTextFollows(t *testing.T) {
	t.Parallel()
	text := widget.NewText(frame.Mono(), false)
	text.Resize(20, 2)
	text.SetLines(numbered(4))
	text.Follow(true)
	text.SetLines(numbered(9))
	if got := seen(text); got != "  line 8|  line 9" {
		t.Errorf("does not follow: %q", got)
	}
	text.Move(-1)
	text.SetLines(numbered(12))
	if got := seen(text); got != "  line 7|  line 8" || text.Following() {
		t.Errorf("does not stay where it was scrolled to: %q", got)
	}
}

func TestTextIsSearched(t *testing.T) {
	t.Parallel()
	text := widget.NewText(frame.Mono(), false)
	text.Resize(24, 4)
	text.SetLines(numbered(30))
	text.Filter("LINE 2") // 2, 20 to 29
	for _, c := range []struct {
		step  int
		want  string
		place string
	}{
		{0, "  line 1|> line 2|  line 3|  line 4", "1-4/30  match 1/11"},
		{1, "  line 19|> line 20|* line 21|* line 22", "19-22/30  match 2/11"},
		{1, "  line 19|* line 20|> line 21|* line 22", "19-22/30  match 3/11"},
		{-2, "  line 1|> line 2|  line 3|  line 4", "1-4/30  match 1/11"},
		{-1, "* line 27|* line 28|> line 29|  line 30", "27-30/30  match 11/11"},
		{1, "  line 1|> line 2|  line 3|  line 4", "1-4/30  match 1/11"},
	} {
		if c.step != 0 {
			text.Next(c.step)
		}
		if got := seen(text); got != c.want || text.Place() != c.place {
			t.Errorf("%+d: %q at %q, not %q at %q", c.step, got, text.Place(), c.want, c.place)
		}
	}
	text.Filter("nowhere")
	text.Next(1)
	if got := text.Place(); got != "1-4/30  no match" {
		t.Errorf("%q", got)
	}
	text.Filter("")
	if got := text.Place(); got != "1-4/30" || strings.Contains(text.View(), "*") || text.FilterText() != "" {
		t.Errorf("the search does not end: %q", got)
	}
}

func TestAMatchIsPainted(t *testing.T) {
	t.Parallel()
	text := widget.NewText(frame.Looks()["dark"], false)
	text.Resize(40, 1)
	text.SetLines([]widget.Line{{Text: "Bitmap Heap Scan on food, Heap Fetches 0"}})
	text.Filter("heap")
	if got := strings.Count(text.View(), "\x1b["); got != 4 { // two places, on and off
		t.Errorf("%q", text.View())
	}
}

func TestTextWraps(t *testing.T) {
	t.Parallel()
	text := widget.NewText(frame.Mono(), true)
	text.Resize(14, 9)
	text.SetLines([]widget.Line{{Text: "one two three four"}, {Text: "idx_of_a_very_long_name"}})
	if got := seen(text); got != "  one two|  three four|  idx_of_a_ver|  y_long_name" {
		t.Errorf("%q", got)
	}
	text.Resize(40, 9)
	if got := seen(text); got != "  one two three four|  idx_of_a_very_long_name" {
		t.Errorf("%q", got)
	}
	cut := widget.NewText(frame.Mono(), false)
	cut.Resize(14, 9)
	cut.SetLines([]widget.Line{{Text: "one two three four"}})
	if got := seen(cut); got != "  one two thr…" {
		t.Errorf("%q", got)
	}
}

func TestTextsFitTheirRoom(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		r := random(seed)
		view := widget.NewText(anyLook(r), r.IntN(2) == 0)
		for range 8 {
			var lines []widget.Line
			for range r.IntN(60) {
				lines = append(lines, widget.Lines(look.Role(r.IntN(10)), text(r))...)
			}
			view.SetLines(lines)
			view.Filter(words()[r.IntN(len(words()))])
			view.Follow(r.IntN(3) == 0)
			view.Move(r.IntN(80) - 40)
			view.Next(r.IntN(5) - 2)
			w, h := anySize(r)
			view.Resize(w, h)
			checked(t, view.View(), w, h)
		}
	}
}

func TestSQL(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"SELECT a, b FROM t WHERE x = $1 ORDER BY b DESC LIMIT 5":           "SELECT a, b|  FROM t|  WHERE x = $1|  ORDER BY b DESC|  LIMIT 5",
		"select 1 from (select 2 from u where y) v left join w on true":     "select 1|  from (select 2 from u where y) v|  left join w on true",
		"INSERT INTO t (a) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id": "INSERT INTO t (a)|  VALUES ($1)|  ON CONFLICT DO NOTHING|  RETURNING id",
		"SELECT ' FROM here ' AS x FROM t":                                  "SELECT ' FROM here ' AS x|  FROM t",
		"CREATE INDEX CONCURRENTLY i ON t (a) INCLUDE (b) WHERE c":          "CREATE INDEX CONCURRENTLY i ON t (a)|  INCLUDE (b)|  WHERE c",
		"SELECT 1\n  FROM t":      "SELECT 1|  FROM t",
		"":                        "",
		"SELECT informant FROM t": "SELECT informant|  FROM t",
		"UPDATE t SET a = 1 FROM u WHERE u.offset = 1 GROUP BY 1 UNION ALL SELECT (1": "UPDATE t|  SET a = 1|  FROM u|  WHERE u.offset = 1|  GROUP BY 1|  UNION ALL SELECT (1",
	} {
		var got []string
		for _, line := range widget.SQL(in) {
			got = append(got, line.Text)
		}
		if joined := strings.Join(got, "|"); joined != want {
			t.Errorf("%q is\n%q, not\n%q", in, joined, want)
		}
	}
}

func BenchmarkTextView(b *testing.B) {
	text := widget.NewText(frame.Looks()["dark"], true)
	text.Resize(80, 24)
	lines := make([]widget.Line, 200)
	for i := range lines {
		lines[i] = widget.Line{Text: "14:02:02 warn  slow  get_food_entries_range 402.7ms rows 45 pool wait 0.1ms", Role: look.Warn}
	}
	text.SetLines(lines)
	text.Filter("food")
	b.ReportAllocs()
	for b.Loop() {
		_ = text.View()
	}
}
