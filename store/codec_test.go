package store_test

import (
	"reflect"
	"testing"
	"time"

	"healthagent/store"
)

// Whatever bytes are found under a key: an error or a window that is written as those bytes again, never a panic.
func FuzzDecodeWindow(f *testing.F) {
	for _, window := range [][]store.Message{
		nil,
		{{}},
		{
			{ID: -1, Role: store.FromUser, Content: "a\x00b\xff", Type: "text", Metadata: []byte{}, Time: time.UnixMicro(-62135596800000000)},
			{ID: 1 << 62, Role: store.FromAssistant, Type: "edit", Metadata: []byte(`{"a":1}`), Time: time.UnixMicro(1)},
		},
	} {
		raw, err := store.EncodeWindow(window)
		must(f, err)
		f.Add(raw)
		f.Add(raw[:len(raw)-1])
		f.Add(append(raw, 0))
	}
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		window, err := store.DecodeWindow(raw)
		if err != nil {
			return
		}
		again, err := store.EncodeWindow(window)
		must(t, err)
		same, err := store.DecodeWindow(again)
		must(t, err)
		if !reflect.DeepEqual(window, same) {
			t.Errorf("%v became %v", window, same)
		}
	})
}

func TestBrokenCopiesAreRefused(t *testing.T) {
	t.Parallel()
	raw, err := store.EncodeWindow([]store.Message{{ID: 1, Role: store.FromUser, Content: "hello", Type: "text", Metadata: []byte(`{}`)}})
	must(t, err)
	for n := range raw {
		if _, err := store.DecodeWindow(raw[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were accepted", n, len(raw))
		}
	}
	if _, err := store.DecodeWindow(append(raw, 0)); err == nil {
		t.Error("more than all bytes were accepted")
	}
}
