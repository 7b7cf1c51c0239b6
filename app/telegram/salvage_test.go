package telegram

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestSalvage(t *testing.T) {
	t.Parallel()
	deep := `{"update_id":8,"message":{"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}}`
	for name, c := range map[string]struct {
		answer string
		want   []string
		fails  bool
	}{
		"deep among others": {
			answer: `{"ok":true,"result":[{"update_id":7,"message":{"text":"a ] \" , } [ \\"}}, ` + deep + "\n,{\"update_id\":9}]}",
			want:   []string{`{"update_id":7,"message":{"text":"a ] \" , } [ \\"}}`, deep, `{"update_id":9}`},
		},
		"result first":        {answer: `{"result" : [ {"update_id":1,"x":nonsense} ] ,"ok":true}`, want: []string{`{"update_id":1,"x":nonsense}`}},
		"none":                {answer: `{"ok":true,"result":[],"x":nonsense}`},
		"cut off":             {answer: `{"ok":true,"result":[{"update_id":7},{"upd`, fails: true},
		"cut off in a string": {answer: `{"ok":true,"result":[{"update_id":7},"`, fails: true},
		"a page":              {answer: `<html>"result":[1]</html>`, fails: true},
		"result deeper":       {answer: `{"x":{"result":[1]},"y":nonsense}`, fails: true},
	} {
		got, ok := salvage([]byte(c.answer))
		if ok == c.fails {
			t.Errorf("%s: ok %v", name, ok)
		}
		if len(got) != len(c.want) {
			t.Fatalf("%s: %d updates, want %d", name, len(got), len(c.want))
		}
		for i := range got {
			if string(got[i]) != c.want[i] {
				t.Errorf("%s: update %d is %.80q, want %.80q", name, i, got[i], c.want[i])
			}
		}
	}
	u, err := glance(4711, json.RawMessage(deep))
	if err != nil || u.ID != 8 || string(u.Raw) != deep {
		t.Errorf("a deep update: id %d, error %v", u.ID, err)
	}
	if _, err := read(u); err == nil {
		t.Error("a deep update is understood")
	}
}

// What the decoder takes and what salvage takes are the same updates.
func FuzzSalvage(f *testing.F) {
	f.Add(`{"ok":true,"result":[{"update_id":7,"message":{"text":"a ] \" , } [ \\"}},{"update_id":8}]}`)
	f.Add(`{"result":[1,[2,"]"],"x",null],"ok":false}`)
	f.Fuzz(func(t *testing.T, answer string) {
		got, ok := salvage([]byte(answer))
		for _, update := range got {
			if _, err := glance(1, update); err != nil {
				continue
			}
		}
		var doc map[string]json.RawMessage
		var want []json.RawMessage
		if json.Unmarshal([]byte(answer), &doc) != nil || json.Unmarshal(doc["result"], &want) != nil || want == nil ||
			strings.Count(answer, `result`) > 1 || strings.Contains(answer, `\u`) {
			return // not JSON, or a name that is spelt in several ways
		}
		if !ok || len(got) != len(want) {
			t.Fatalf("%q: salvaged %d of %d", answer, len(got), len(want))
		}
		for i := range want {
			if strings.TrimSpace(string(got[i])) != strings.TrimSpace(string(want[i])) {
				t.Errorf("%q: update %d is %q, want %q", answer, i, got[i], want[i])
			}
		}
	})
}

// An update that the decoder refuses as a whole is parked, and the others of its batch are answered.
func TestDeepUpdateIsParked(t *testing.T) {
	t.Parallel()
	updates, err := decodeUpdates(http.StatusOK, []byte(`{"ok":true,"result":[{"update_id":5,"message":{"x":`+
		strings.Repeat("[", 20000)+strings.Repeat("]", 20000)+`}},{"update_id":6}]}`))
	if err != nil || len(updates) != 2 {
		t.Fatalf("%d updates, error %v", len(updates), err)
	}
}
