package dump_test

import (
	"fmt"
	"testing"
	"time"

	"healthagent/store/dump"
	"healthagent/test/rig"
)

// What gave way last is what comes back, also when a clock that was an hour ahead has been set right in between.
func TestUndoAfterTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	dropBeside(t, url)
	path, m := write(t, url)
	now := time.Now()
	var last string
	for i, at := range []time.Time{now.Add(time.Hour), now, now} {
		do(t, url, fmt.Sprintf("INSERT INTO users (telegram_id) VALUES (%d)", 100+i))
		done, err := dump.Restore(t.Context(), dump.RestoreOptions{URL: url, Path: path, Manifest: &m, Now: func() time.Time { return at }})
		if err != nil {
			t.Fatal(err)
		}
		last = done.Kept
	}
	if back, _, err := dump.Undo(t.Context(), url, now); err != nil || back != last {
		t.Fatalf("%s, %v; what gave way last is %s", back, err, last)
	}
	if n := number(t, url, `SELECT telegram_id FROM users WHERE telegram_id >= 100`); n != 102 {
		t.Errorf("the person %d", n)
	}
}
