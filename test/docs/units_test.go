package docs

import (
	"regexp"
	"strings"
	"testing"

	"healthagent/systemd"
)

// unitsIn are the units that a command asks systemd about.
func unitsIn(words []string) (units []string) {
	if len(words) > 0 && words[0] == "sudo" {
		words = withoutOptions(words[1:])
	}
	for i, word := range words {
		asks := words[0] == "systemctl" && i > 1 || words[0] == "journalctl" && i > 0 && words[i-1] == "-u"
		if asks && !strings.HasPrefix(word, "-") {
			units = append(units, word)
		}
	}
	return units
}

// TestUnitsOnPagesExist: whoever pastes a line of systemctl or journalctl is not told that there is no such unit.
func TestUnitsOnPagesExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"redis-server@.service": true, "postgresql@.service": true, "postgresql.service": true} // Debian's own
	for _, u := range systemd.Units() {
		known[u.Name] = true
	}
	inline := regexp.MustCompile("`((?:sudo )?(?:systemctl|journalctl) [^`]+)`")
	instance := regexp.MustCompile(`@[^.]+(\.service)?$`)
	n := 0
	for _, p := range pages(t) {
		texts := []string{}
		for _, b := range p.blocks("sh") {
			texts = append(texts, b.text)
		}
		for _, m := range inline.FindAllStringSubmatch(p.prose(), -1) {
			texts = append(texts, m[1])
		}
		for _, text := range texts {
			for _, words := range commands(text) {
				for _, unit := range unitsIn(words) {
					n++
					name := instance.ReplaceAllString(unit, "@.service")
					if !strings.HasSuffix(name, ".service") && !strings.HasSuffix(name, ".timer") {
						name += ".service"
					}
					if !known[name] {
						t.Errorf("%s: there is no unit %s: %s", p.name, unit, strings.Join(words, " "))
					}
				}
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d units were found", n)
	}
}
