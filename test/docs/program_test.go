package docs

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"healthagent/app/cli"
)

// option is a flag of a verb.
type option struct{ short, long, kind, text string }

// verb is a verb of the program that does something by itself, as its help text tells.
type verb struct {
	path    string // "migrate down"
	usage   string // what follows the path: "[VERSION]"
	text    string
	options []option
}

// run runs the program with no settings but those, and returns its exit code and what it printed.
func run(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = cli.Run(t.Context(), args, strings.NewReader(""), &stdout, &stderr,
		[]string{"HEALTHAGENT_ENV_FILE=/dev/null", "HOME=" + t.TempDir(), "XDG_RUNTIME_DIR=" + t.TempDir()})
	return code, stdout.String(), stderr.String()
}

func printed(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := run(t, args...)
	if code != 0 {
		t.Fatalf("healthagent %s: %d\n%s", strings.Join(args, " "), code, errs)
	}
	return out
}

// program reads the program's help texts. It has what the manual lists and nothing else: the one is held against the other.
func program(t *testing.T) []verb {
	t.Helper()
	var all []verb
	var visit func(path []string)
	doing := manualVerbs(t)
	visit = func(path []string) {
		help := printed(t, append([]string{"help"}, path...)...)
		name := strings.Join(path, " ")
		if usage, found := doing[name]; found {
			text, _, _ := strings.Cut(help, "\nUsage:\n")
			all = append(all, verb{path: name, usage: usage, text: strings.TrimSpace(text), options: options(section(help, "Flags:"))})
			delete(doing, name)
		}
		for _, member := range members(help) {
			if member != "help" {
				visit(append(slices.Clone(path), member))
			}
		}
	}
	visit(nil)
	if len(doing) > 0 || len(all) < 25 {
		t.Fatalf("%d verbs, and the manual has besides %v", len(all), doing)
	}
	return all
}

// manualVerbs are the verbs of the manual page with what follows them.
func manualVerbs(t *testing.T) map[string]string {
	t.Helper()
	verbs := map[string]string{}
	for _, item := range manualItems(t, "VERBS") {
		words := strings.Fields(item[0])
		n := slices.IndexFunc(words, func(w string) bool { return strings.ToLower(w) != w || strings.ContainsAny(w, "[|") })
		if n < 0 {
			n = len(words)
		}
		verbs[strings.Join(words[:n], " ")] = strings.Join(words[n:], " ")
	}
	return verbs
}

var manualItem = regexp.MustCompile(`(?m)^\.TP\n\\fB(.*)\\fR\n(.*)$`)

// manualItems are the terms of a section of the manual page, each with the first line of its text.
func manualItems(t *testing.T, title string) [][2]string {
	t.Helper()
	_, rest, found := strings.Cut(printed(t, "man"), `.SH "`+title+"\"\n")
	if !found {
		t.Fatalf("the manual has no section %s", title)
	}
	rest, _, _ = strings.Cut(rest, "\n.SH ")
	plain := strings.NewReplacer(`\-`, "-", `\e`, `\`, `\&`, "", `\(ti`, "~")
	var items [][2]string
	for _, m := range manualItem.FindAllStringSubmatch(rest, -1) {
		items = append(items, [2]string{plain.Replace(m[1]), plain.Replace(m[2])})
	}
	if len(items) == 0 {
		t.Fatalf("nothing in the section %s of the manual", title)
	}
	return items
}

var (
	memberLine = regexp.MustCompile(`(?m)^  ([a-z]+) +\S`)
	optionLine = regexp.MustCompile(`(?m)^ +(?:-(\w), |    )--([a-z-]+)(?: (\S+))? {2,}(.*)$`)
)

// members are the verbs that a help text lists.
func members(help string) []string {
	_, help, _ = strings.Cut(help, "\nUsage:\n")
	_, help, _ = strings.Cut(help, "\n\n")
	help, _, _ = strings.Cut(help, "\nFlags:\n")
	var names []string
	for _, m := range memberLine.FindAllStringSubmatch(help, -1) {
		names = append(names, m[1])
	}
	return names
}

func section(help, title string) string {
	_, rest, _ := strings.Cut(help, "\n"+title+"\n")
	rest, _, _ = strings.Cut(rest, "\n\n")
	return rest
}

func options(text string) []option {
	var all []option
	for _, m := range optionLine.FindAllStringSubmatch(text, -1) {
		if m[2] != "help" {
			all = append(all, option{m[1], m[2], m[3], m[4]})
		}
	}
	return all
}
