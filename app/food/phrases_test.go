package food

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// expected is one part of a phrase: a food with the range of grams that is right, or something that must be asked back.
type expected struct {
	asked    string
	name     *regexp.Regexp
	min, max float64
}

// TestEverydayPhrases holds Read against two tables of phrases, each written by somebody who had not seen it, before it was run on
// them: at least 95 of 100 are right, and of the others none is wrong in silence, that is, books another food or another weight
// than was meant without saying that the portion was assumed.
func TestEverydayPhrases(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"testdata/phrases.tsv", "testdata/phrases_second.tsv"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			holdPhrases(t, mustLoad(t), readPhrases(t, file))
		})
	}
}

func holdPhrases(t *testing.T, table *Table, expectations map[string][]expected) {
	t.Helper()
	phrases, right := 0, 0
	var silent []string
	for phrase, want := range expectations {
		phrases++
		reading := table.Read(phrase)
		problem, loud := compare(table, reading, want)
		if problem == "" {
			right++
			continue
		}
		t.Logf("%q: %s", phrase, problem)
		if !loud {
			silent = append(silent, fmt.Sprintf("%q: %s", phrase, problem))
		}
	}
	t.Logf("%d of %d right", right, phrases)
	if phrases < 200 {
		t.Errorf("only %d phrases", phrases)
	}
	if right*100 < phrases*95 {
		t.Errorf("%d of %d phrases are right, want 95 %%", right, phrases)
	}
	for _, s := range silent {
		t.Errorf("wrong in silence: %s", s)
	}
}

// compare says what is wrong with a reading, and whether the person can see it: a wrong food never, a question always, a weight when
// it is marked as assumed.
func compare(table *Table, r Reading, want []expected) (problem string, loud bool) {
	items := append([]Item(nil), r.Items...)
	loud = true
	var problems []string
	for _, w := range want {
		if w.name == nil {
			if !asks(r, w.asked) {
				problems = append(problems, fmt.Sprintf("%q is not asked about", w.asked))
			}
			continue
		}
		at := find(table, items, w)
		if at < 0 {
			problems = append(problems, fmt.Sprintf("%s is not booked", w.name))
			loud = loud && len(r.Unknown) > 0
			continue
		}
		if g := items[at].Grams; g < w.min || g > w.max {
			problems = append(problems, fmt.Sprintf("%s: %.0f g, want %.0f to %.0f", items[at].Name, g, w.min, w.max))
			loud = loud && items[at].Assumed
		}
		items = append(items[:at], items[at+1:]...)
	}
	for _, item := range items {
		problems = append(problems, fmt.Sprintf("%s (%s) is booked, and was not meant", item.Name, table.entries[table.byNDB[item.NDB]].name))
		loud = false
	}
	return strings.Join(problems, "; "), loud
}

func asks(r Reading, fragment string) bool {
	for _, u := range r.Unknown {
		if strings.Contains(strings.ToLower(u.Text), strings.ToLower(fragment)) {
			return true
		}
	}
	return false
}

// find prefers the item whose weight is right too.
func find(table *Table, items []Item, w expected) int {
	at := -1
	for i, item := range items {
		if !w.name.MatchString(table.entries[table.byNDB[item.NDB]].name) {
			continue
		}
		if item.Grams >= w.min && item.Grams <= w.max {
			return i
		}
		if at < 0 {
			at = i
		}
	}
	return at
}

func readPhrases(t *testing.T, file string) map[string][]expected {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	phrases := map[string][]expected{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		phrase, parts, found := strings.Cut(line, "\t")
		if !found {
			t.Fatalf("no expectation: %q", line)
		}
		for part := range strings.SplitSeq(parts, " ; ") {
			phrases[phrase] = append(phrases[phrase], readExpected(t, strings.TrimSpace(part)))
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return phrases
}

func readExpected(t *testing.T, part string) expected {
	t.Helper()
	if asked, found := strings.CutPrefix(part, "?"); found {
		return expected{asked: strings.TrimSpace(asked)}
	}
	cut := strings.LastIndex(part, " @ ")
	if cut < 0 {
		t.Fatalf("no weight: %q", part)
	}
	low, high, found := strings.Cut(part[cut+3:], "-")
	from, err := strconv.ParseFloat(low, 64)
	to, err2 := strconv.ParseFloat(high, 64)
	if !found || err != nil || err2 != nil {
		t.Fatalf("no range: %q", part)
	}
	return expected{name: regexp.MustCompile("(?i)" + part[:cut]), min: from, max: to}
}
