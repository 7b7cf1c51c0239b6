package machine

import (
	"slices"
	"testing"
)

func TestChanges(t *testing.T) {
	t.Parallel()
	before := Snapshot{"/a": "f 644 root:root", "/b": "d 755 root:root", "/c": "f 644 root:root", "/log": "d 755 root:root", "/log/x": "f 600 root:root", "/logs": "f 600 root:root"}
	after := Snapshot{"/a": "f 644 root:root", "/c": "f 600 root:root", "/d": "f 644 root:root", "/log": "d 700 root:root"}
	want := []string{
		"- /b (d 755 root:root)",
		"~ /c (f 600 root:root, was f 644 root:root)",
		"+ /d (f 644 root:root)",
		"- /logs (f 600 root:root)",
	}
	if got := before.Changes(after, "/log"); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := before.Changes(before); got != nil {
		t.Errorf("%q", got)
	}
}
