package keys_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	_ "github.com/charmbracelet/x/exp/golden" // for its flag -update

	"healthagent/tui/keys"
)

func screens() []string {
	return []string{"Overview", "Queries", "Indexes", "Migrations", "Activity", "Cache", "Log"}
}

// TestOneKeyHasOneMeaning: on no screen do two bindings share a key.
func TestOneKeyHasOneMeaning(t *testing.T) {
	t.Parallel()
	seen := map[string]keys.Action{}
	for _, b := range keys.New("").Bindings() {
		for _, k := range b.Keys() {
			if other, taken := seen[k]; taken {
				t.Errorf("%q is %s and %s", k, other, b.Action)
			}
			seen[k] = b.Action
			if strings.HasPrefix(k, "alt+") {
				t.Errorf("%q: Esc and a letter in quick succession arrive as alt and that letter", k)
			}
		}
	}
}

// TestActsAreOnCapitals: whatever changes the system is on a capital letter, with one exception, and nothing else is on those.
func TestActsAreOnCapitals(t *testing.T) {
	t.Parallel()
	for _, b := range keys.New("").Bindings() {
		if b.Kind != keys.Act {
			continue
		}
		for _, k := range b.Keys() {
			if r := []rune(k); len(r) != 1 || !unicode.IsUpper(r[0]) && k != "z" {
				t.Errorf("%s is on %q", b.Action, k)
			}
		}
	}
}

// TestEveryBindingIsComplete holds what help and footer are made of, and that a binding is of use on some screen.
func TestEveryBindingIsComplete(t *testing.T) {
	t.Parallel()
	for _, b := range keys.New("").Bindings() {
		if b.Help().Key == "" || b.Help().Desc == "" || b.Short == "" || len(b.Keys()) == 0 || b.Action == "" {
			t.Errorf("%+v lacks something", b)
		}
		if !slices.ContainsFunc(screens(), b.On) {
			t.Errorf("%s is of use nowhere: %q", b.Action, b.Where)
		}
		for _, where := range strings.Split(b.Where, ", ") {
			if !slices.Contains(append(screens(), "all", "lists"), where) {
				t.Errorf("%s: there is no %q", b.Action, where)
			}
		}
	}
}

// TestReadOnly: without the right to act no key is an act, each of them says why, and all others are as they were.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	const why = "read only: no"
	free, bound := keys.New(""), keys.New(why)
	for _, b := range free.Bindings() {
		for _, k := range b.Keys() {
			action, refusal := bound.Action(k)
			switch {
			case b.Kind == keys.Act && (action != "" || refusal != why):
				t.Errorf("%q is %q, %q", k, action, refusal)
			case b.Kind == keys.Look && (action != b.Action || refusal != ""):
				t.Errorf("%q is %q, %q", k, action, refusal)
			}
		}
		if got := bound.Of(b.Action).Enabled(); got != (b.Kind == keys.Look) {
			t.Errorf("%s enabled: %v", b.Action, got)
		}
	}
	if bound.Of(keys.Rollback).Kind != keys.Act || (keys.Binding{}).Kind != keys.Act {
		t.Error("what is of no kind must count as an act")
	}
}

// TestDocumented holds the table in the documentation to the one here; go test -update writes it.
func TestDocumented(t *testing.T) {
	t.Parallel()
	const path, begin, end = "../../docs/tui.md", "<!-- keys -->\n", "<!-- end of keys -->\n"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(page), begin)
	table, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the keys", path)
	}
	if table == keys.Markdown() {
		return
	}
	if flag.Lookup("update").Value.String() != "true" {
		t.Fatal("the keys in docs/tui.md are not those of the program: go test ./tui/keys -update")
	}
	if err := os.WriteFile(path, []byte(head+begin+keys.Markdown()+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestOneActionHasOneBinding: two actions of the same name would be one, and the first of them would get the keys of both.
func TestOneActionHasOneBinding(t *testing.T) {
	t.Parallel()
	seen := map[keys.Action]string{}
	for _, b := range keys.New("").Bindings() {
		if other, taken := seen[b.Action]; taken {
			t.Errorf("%q is of %s and of %s", b.Action, other, b.Help().Key)
		}
		seen[b.Action] = b.Help().Key
	}
}
