package migrations_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"healthagent/migrations"
)

// TestEntryIsReadBack: what the daemon writes of a migration is what a verb reads.
func TestEntryIsReadBack(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)
	entry := migrations.Entry{
		Version: 17, Name: "performance_indexes", State: migrations.Partial, Class: migrations.IndexOnly, Held: []string{"a"},
		Objects:   []migrations.Object{{Name: "a", State: migrations.ObjectHeld}, {Name: "b", State: migrations.ObjectApplied, AppliedAt: &at, BuildMS: 1.5}},
		AppliedAt: &at, Duration: 1234567 * time.Microsecond, Error: "no space", Done: 3, Total: 8, Unknown: true, Edited: true,
	}
	for _, want := range []migrations.Entry{entry, {Version: 1, Held: []string{}, Objects: []migrations.Object{}}} {
		document, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got migrations.Entry
		if err := json.Unmarshal(document, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v\n%+v\n%+v\n%s", err, got, want, document)
		}
	}
	var got migrations.Entry
	if err := json.Unmarshal([]byte(`{"version": "x"}`), &got); err == nil {
		t.Error("a version that is none was read")
	}
}
