package docs

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"healthagent/app/config"
	"healthagent/app/fault"
)

// settingFlags are the flags that every verb has.
func settingFlags() []string {
	var flags []string
	for _, s := range config.Table() {
		if s.Flag != "" {
			flags = append(flags, s.Flag)
		}
	}
	return flags
}

// TestEveryVerbIsShown holds that each verb stands on a page as it is typed, beside the list of all.
func TestEveryVerbIsShown(t *testing.T) {
	t.Parallel()
	verbs := program(t)
	shown := map[string]bool{}
	for _, u := range uses(t) {
		if words, err := positional(t, verbs, u.args); err == nil {
			if v, _ := find(verbs, words); v != nil {
				shown[v.path] = true
			}
		}
	}
	for _, v := range verbs {
		if !shown[v.path] {
			t.Errorf("no page shows how healthagent %s is used", v.path)
		}
	}
}

// TestExitCodesAreAllListed holds the list of the manual, from which the page has its own, against the codes that there are.
func TestExitCodesAreAllListed(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, item := range manualItems(t, "EXIT STATUS") {
		listed = append(listed, item[0])
	}
	for _, code := range []int{fault.ExitOK, fault.ExitFailure, fault.ExitUsage, fault.ExitUnavailable, fault.ExitConfig} {
		if !slices.Contains(listed, strconv.Itoa(code)) {
			t.Errorf("exit code %d is not listed", code)
		}
	}
}

// first is the code that begins a row of a table, up to a space or the end.
var first = regexp.MustCompile("(?m)^\\| `([^` ]+)[^`|]*` \\|")

// rows are what the rows of a page's tables begin with.
func rows(t *testing.T, page string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, m := range first.FindAllStringSubmatch(read(t, page), -1) {
		found[m[1]] = true
	}
	return found
}

// same holds that a page has a row for each of the names, and none of that shape for anything else.
func same(t *testing.T, page string, names []string, shape string) {
	t.Helper()
	found := rows(t, page)
	for _, name := range names {
		if !found[name] {
			t.Errorf("%s has no row for %s", page, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if regexp.MustCompile(shape).MatchString(name) && !slices.Contains(names, name) {
			t.Errorf("%s has a row for %s, which does not exist", page, name)
		}
	}
}

func TestEveryCheckOfTheDoctorIsDocumented(t *testing.T) {
	t.Parallel()
	_, out, errs := run(t, "doctor", "-o", "json") // whatever it finds here
	var report struct{ Checks []struct{ Code string } }
	if err := json.Unmarshal([]byte(out), &report); err != nil || len(report.Checks) < 30 {
		t.Fatal(err, out, errs)
	}
	var codes []string
	for _, c := range report.Checks {
		codes = append(codes, c.Code)
	}
	same(t, "docs/doctor.md", codes, `^[a-z]+-[a-z-]+$`)
}

var installOption = regexp.MustCompile(`(?m)^  (--[a-z-]+)(?:, (--[a-z-]+))?`)

func TestEveryOptionOfTheInstallerIsDocumented(t *testing.T) {
	t.Parallel()
	help, err := exec.CommandContext(t.Context(), "sh", filepath.Join(root, "install.sh"), "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range installOption.FindAllStringSubmatch(string(help), -1) {
		names = append(names, m[1])
		if m[2] != "" {
			names = append(names, m[2])
		}
	}
	if len(names) < 8 {
		t.Fatalf("only %v", names)
	}
	same(t, "docs/install.md", names, `^--`)
}

// TestEveryFileOnTheServerIsDocumented holds that what the manual lists, and every file of the unit files, is in the page on installing.
func TestEveryFileOnTheServerIsDocumented(t *testing.T) {
	t.Parallel()
	found := rows(t, "docs/install.md")
	for _, item := range manualItems(t, "FILES") {
		if !found[item[0]] {
			t.Errorf("docs/install.md has no row for %s", item[0])
		}
	}
	units, err := filepath.Glob(root + "/systemd/*.*")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, unit := range units {
		if name := filepath.Base(unit); slices.Contains([]string{".service", ".timer"}, filepath.Ext(name)) {
			n++
			if !found["/etc/systemd/system/"+name] {
				t.Errorf("docs/install.md has no row for /etc/systemd/system/%s", name)
			}
		}
	}
	if n < 4 {
		t.Errorf("only %d units", n)
	}
}

// TestReadmeNamesEverySetting holds the short table of README.md, in which two settings may share a row.
func TestReadmeNamesEverySetting(t *testing.T) {
	t.Parallel()
	text := read(t, "README.md")
	for _, s := range config.Table() {
		if !regexp.MustCompile("(?m)^\\| .*`" + s.Name + "`.* \\|").MatchString(text) {
			t.Errorf("README.md has no row for %s", s.Name)
		}
	}
}

// TestNoPageNamesWhatIsNoSetting finds settings that were renamed or never came to be.
func TestNoPageNamesWhatIsNoSetting(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, s := range config.Table() {
		known[s.Name], known[s.FileVariable()] = true, true
	}
	for _, name := range []string{"FILE", "MANIFEST", "SHA256", "REASON"} { // what the hook is told
		known["HEALTHAGENT_BACKUP_"+name] = true
	}
	name := regexp.MustCompile(`\b(HEALTHAGENT|TELEGRAM|LLM)_[A-Z_]+\b`)
	for _, p := range pages(t) {
		for _, word := range name.FindAllString(p.text, -1) {
			if !known[word] {
				t.Errorf("%s names %s, which is no setting", p.name, word)
			}
		}
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// TestLinksLeadSomewhere follows every link to a file of the repository, and to a heading in it.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	n := 0
	for _, p := range append(pages(t), page{"CHANGELOG.md", read(t, "CHANGELOG.md")}) {
		for _, m := range link.FindAllStringSubmatch(p.prose(), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			n++
			file, anchor, _ := strings.Cut(m[1], "#")
			target := p.name
			if file != "" {
				target = filepath.Join(filepath.Dir(p.name), file)
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", p.name, m[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(page{text: read(t, target)}), anchor) {
				t.Errorf("%s: %s has no heading #%s", p.name, target, anchor)
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d links were found", n)
	}
}

// anchors are the names of a page's headings in links.
func anchors(p page) []string {
	var names []string
	for _, m := range heading.FindAllStringSubmatch(p.prose(), -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}
