package fault_test

import (
	"os/exec"
	"testing"

	"healthagent/app/fault"
)

func TestWordIsWhatAShellMakesItAgain(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"/var/backups/healthagent": "/var/backups/healthagent", "": "''", "a b": "'a b'", "it's": `"it's"`,
		"it's $HOME": `'it'\''s $HOME'`, "-c\n`id`": "'-c\n`id`'", `"*"`: `'"*"'`, `it's \`: `'it'\''s \'`, "ä~!": "'ä~!'",
	} {
		if got := fault.Word(word); got != want {
			t.Errorf("%q becomes %s, not %s", word, got, want)
		}
		out, err := exec.Command("sh", "-c", "printf %s "+fault.Word(word)).Output()
		if err != nil || string(out) != word {
			t.Errorf("%q becomes %q: %v", word, out, err)
		}
	}
}
