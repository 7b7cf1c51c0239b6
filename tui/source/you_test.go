package source_test

import (
	"testing"

	"healthagent/tui/source"
)

func TestReadOnlyIsSaidOnce(t *testing.T) {
	t.Parallel()
	for why, want := range map[string]string{
		"you may only look: you are not in the group healthagent-admin": "read only: you are not in the group healthagent-admin",
		"the daemon is down": "read only: the daemon is down",
	} {
		if got := (&source.You{Why: why}).ReadOnly(); got != want {
			t.Errorf("%q: %q", why, got)
		}
	}
}
