package docs

import (
	"fmt"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestCommandsOfAShellText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want [][]string // the arguments of the program
	}{
		{"healthagent migrate up 017 # healthagent nope", [][]string{{"migrate", "up", "017"}}},
		{"a=1 ./healthagent stats pool -o json | jq '.size; healthagent x' >f 2>&1 && sudo -u healthagent healthagent man", [][]string{{"stats", "pool", "-o", "json"}, {"man"}}},
		{"systemctl restart healthagent\njournalctl -u healthagent -n 5", nil},
		{"ssh -t -p 22 host healthagent tui --read-only", [][]string{{"tui", "--read-only"}}},
		{"ssh host 'sudo healthagent backup list; uptime'", [][]string{{"backup", "list"}}},
		{"runuser -u healthagent -- healthagent doctor", [][]string{{"doctor"}}},
		{`f="$(healthagent man)"; g=$(healthagent version -o json)`, [][]string{{"man"}, {"version", "-o", "json"}}},
		{"source <(healthagent completion bash)", [][]string{{"completion", "bash"}}},
		{"cat >f <<'END'\nhealthagent no\nEND\nif healthagent doctor; then\n  healthagent tui\nfi", [][]string{{"doctor"}, {"tui"}}},
		{"healthagent users \\\n  list", [][]string{{"users", "list"}}},
	} {
		var got [][]string
		for _, words := range commands(tt.text) {
			if args, found := ours(words); found {
				got = append(got, args)
			}
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.text, got, tt.want)
		}
	}
}

// use is a command line of the program on a page.
type use struct {
	page string
	line int
	args []string
}

func (u use) String() string {
	return fmt.Sprintf("%s:%d: healthagent %s", u.page, u.line, strings.Join(u.args, " "))
}

var inlineCode = regexp.MustCompile("`((?:sudo )?(?:\\./)?healthagent [^`]+)`")

// uses are all command lines of the program: in blocks of shell, and in the prose as code.
func uses(t *testing.T) []use {
	t.Helper()
	var all []use
	for _, p := range pages(t) {
		for _, b := range p.blocks("sh") {
			for _, words := range commands(b.text) {
				if args, found := ours(words); found {
					all = append(all, use{b.page, b.line, args})
				}
			}
		}
		if p.name == "docs/verbs.md" {
			continue // it is taken from the program
		}
		for i, line := range strings.Split(p.prose(), "\n") {
			for _, m := range inlineCode.FindAllStringSubmatch(line, -1) {
				for _, words := range commands(m[1]) {
					if args, found := ours(words); found {
						all = append(all, use{p.name, i + 1, args})
					}
				}
			}
		}
	}
	return all
}

// TestCommandLinesAreUnderstood holds that the program has the verbs and flags of every command line, and takes as many arguments.
func TestCommandLinesAreUnderstood(t *testing.T) {
	t.Parallel()
	verbs := program(t)
	all := uses(t)
	for _, u := range all {
		if err := understood(t, verbs, u.args); err != nil {
			t.Errorf("%v: %v", u, err)
		}
	}
	if len(all) < 80 {
		t.Errorf("only %d command lines were found", len(all))
	}
}

func TestWhatIsNotUnderstood(t *testing.T) {
	t.Parallel()
	verbs := program(t)
	for line, right := range map[string]bool{
		"migrate up 017": true, "migrate up": true, "migrate up 017 018": false, "migrate": false, "migrate sideways": false, "migrat up": false,
		"users activate": false, "users activate 12": true, "stats pool --outpt json": false, "stats pool -o json": true, "stats pool -o xml": false,
		"--log-level debug serve": true, "serve now": false, "completion tcsh": false, "completion fish": true, "help migrate up": true, "--version": true,
		"bench --users many": false,
	} {
		if err := understood(t, verbs, strings.Fields(line)); (err == nil) != right {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func understood(t *testing.T, verbs []verb, args []string) error {
	t.Helper()
	if reflect.DeepEqual(args, []string{"--version"}) || len(args) > 0 && args[0] == "help" || slices.Contains(args, "--help") {
		if code, _, errs := run(t, args...); code != 0 {
			return fmt.Errorf("exit code %d: %s", code, errs)
		}
		return nil
	}
	if len(args) > 0 && args[0] == "alert" { // it is there and not listed, since only systemd runs it
		return nil
	}
	words, err := positional(t, verbs, args)
	if err != nil {
		return err
	}
	v, rest := find(verbs, words)
	if v == nil {
		return fmt.Errorf("there is no verb %q", strings.Join(words, " "))
	}
	if code, _, errs := run(t, append(slices.Clone(args), "--help")...); code != 0 { // the flags are read, and nothing is done
		return fmt.Errorf("exit code %d: %s", code, errs)
	}
	return v.takes(rest)
}

// find is the verb that the words begin with, and what follows it.
func find(verbs []verb, words []string) (*verb, []string) {
	var best *verb
	for i := range verbs {
		path := strings.Fields(verbs[i].path)
		if len(words) >= len(path) && slices.Equal(words[:len(path)], path) && (best == nil || len(verbs[i].path) > len(best.path)) {
			best = &verbs[i]
		}
	}
	if best == nil {
		return nil, nil
	}
	return best, words[len(strings.Fields(best.path)):]
}

// positional are the arguments without flags and their values.
func positional(t *testing.T, verbs []verb, args []string) ([]string, error) {
	t.Helper()
	valued := map[string]bool{}
	for _, v := range verbs {
		for _, o := range v.options {
			valued["--"+o.long] = valued["--"+o.long] || o.kind != ""
			valued["-"+o.short] = valued["-"+o.short] || o.kind != ""
		}
	}
	for _, s := range settingFlags() {
		valued["--"+s] = true
	}
	var words []string
	for i := 0; i < len(args); i++ {
		if !strings.HasPrefix(args[i], "-") || args[i] == "-" {
			words = append(words, args[i])
			continue
		}
		name, _, inline := strings.Cut(args[i], "=")
		if _, known := valued[name]; !known {
			return nil, fmt.Errorf("no verb has a flag %s", name)
		}
		if valued[name] && !inline {
			i++
		}
	}
	return words, nil
}

// takes holds arguments against the line of usage.
func (v verb) takes(args []string) error {
	least, most := 0, 0
	words := strings.Fields(v.usage)
	for i, word := range words {
		if !strings.HasPrefix(word, "[") {
			least++
		}
		most++
		if strings.HasSuffix(strings.TrimSuffix(word, "]"), "...") {
			most = 1000
		}
		if choice := strings.Split(word, "|"); len(choice) > 1 && i < len(args) && !slices.Contains(choice, args[i]) {
			return fmt.Errorf("%s is none of %s", args[i], word)
		}
	}
	if len(args) < least || len(args) > most {
		return fmt.Errorf("%d arguments, but it is used as: healthagent %s %s", len(args), v.path, v.usage)
	}
	return nil
}

// TestShellBlocksAreShell has bash read every block without running it.
func TestShellBlocksAreShell(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	n := 0
	for _, p := range pages(t) {
		for _, b := range p.blocks("sh") {
			command := exec.CommandContext(t.Context(), bash, "-n")
			command.Stdin = strings.NewReader(b.text)
			if out, err := command.CombinedOutput(); err != nil {
				t.Errorf("%s:%d: %v\n%s", b.page, b.line, err, out)
			}
			n++
		}
	}
	if n < 30 {
		t.Errorf("only %d blocks were found", n)
	}
}
