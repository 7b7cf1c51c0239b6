package source_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

func TestCleanText(t *testing.T) {
	t.Parallel()
	for dirty, clean := range map[string]string{
		"plain_name":                     "plain_name",
		"déjà vu 漢字 Ωμέγα ё":             "déjà vu 漢字 Ωμέγα ё",
		"a\x1b]52;c;cHduZWQ=\x07b":       "a?b",
		"a\x1b]52;c;cHduZWQ=\x1b\\b":     "a?b",
		"a\x1b]0;no end":                 "a?]0;no end",
		"a\x1b]0;cut\x1b[2Jb":            "a?]0;cut?b",
		"a\x1b[2Jb\x1b[1;31mc":           "a?b?c",
		"a\x1b[":                         "a?[",
		"a\x1b":                          "a?",
		"a\x1bcb":                        "a?b",
		"a\x1b(0b":                       "a?b",
		"a\u009b2Jb":                     "a?b",
		"a\u009d52;c;x\u009cb":           "a?b",
		"a\x9b2Jb":                       "a?2Jb",
		"a\u0085b":                       "a?b",
		"\u202etxt.exe\u202c":            "?txt.exe?",
		"a\u2066b\u2069c\u200e\u061cd":   "a?b?c??d",
		"a\u200bb\u200dc\ufeffd\u00ade":  "a?b?c?d?e",
		"a\u2028b\u2029c":                "a?b?c",
		"a\tb\nc\r\nd\re":                "a b c d?e",
		"a\b\x00\x7fb":                   "a???b",
		"\xff\xc3\x28 \xed\xa0\x80":      "??( ???",
		"❤\ufe0f":                        "❤",
		"\ue000\U000e0041\U000e0100":     "??",
		strings.Repeat("x", 5000):        strings.Repeat("x", 4096) + "...",
		strings.Repeat("\x1b[31mx", 900): strings.Repeat("?x", 900),
	} {
		if got := source.CleanText(dirty, false); got != clean {
			t.Errorf("%q is %q and not %q", dirty, got, clean)
		}
	}
	if got := source.CleanText("a\n\tb\r\n\x1b[2Jc", true); got != "a\n    b\n?c" {
		t.Errorf("of several lines: %q", got)
	}
}

func FuzzCleanText(f *testing.F) {
	for _, s := range fixture.Poisons() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, dirty string) {
		for _, lines := range []bool{false, true} {
			clean := source.CleanText(dirty, lines)
			if bad := badRune(clean, lines); bad != 0 {
				t.Errorf("%q keeps %U: %q", dirty, bad, clean)
			}
			if again := source.CleanText(clean, lines); again != clean && len(clean) <= 4<<10 {
				t.Errorf("%q is cleaned further: %q", clean, again)
			}
		}
	})
}

// badRune is the first character that may not reach a terminal.
func badRune(s string, lines bool) rune {
	if !utf8.ValidString(s) {
		return utf8.RuneError
	}
	for _, r := range s {
		switch {
		case r == '\n' && lines:
		case r < ' ', r >= 0x7f && r <= 0x9f, unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Bidi_Control):
			return r
		}
	}
	return 0
}

// everything is one filled value of each type that comes from outside.
func everything() []any {
	s := full(reflect.TypeFor[source.Snapshot]()).Interface().(*source.Snapshot)
	return []any{
		s, full(reflect.TypeFor[source.Activity]()).Interface(), full(reflect.TypeFor[source.Plan]()).Interface(),
		full(reflect.TypeFor[source.Preview]()).Interface(),
	}
}

// full makes a value in which every pointer points to something and every list and map has an entry, so that every field of every type is
// in it.
func full(t reflect.Type) reflect.Value {
	v := reflect.New(t)
	fill(v.Elem(), 0)
	return v
}

func fill(v reflect.Value, deep int) {
	if deep > 12 { // a plan has plans
		return
	}
	switch v.Kind() { //nolint:exhaustive // the others stay as they are
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), deep+1)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), deep+1)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), deep+1)
	case reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		fill(value, deep+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("key").Convert(v.Type().Key()), value)
	default:
	}
}

// TestEveryTextIsCleaned poisons every string of every type and looks at each afterwards, so a field that is added later is looked at too.
func TestEveryTextIsCleaned(t *testing.T) {
	t.Parallel()
	for _, value := range everything() {
		fixture.Poison(value)
		if n := texts(value, func(string, string, bool) {}); n < 10 {
			t.Fatalf("%T has only %d texts", value, n)
		}
		switch v := value.(type) {
		case *source.Snapshot:
			source.Clean(v)
		case *source.Activity:
			source.Clean(v)
		case *source.Plan:
			source.Clean(v)
		case *source.Preview:
			source.Clean(v)
		}
		texts(value, func(path, text string, lines bool) {
			if bad := badRune(text, lines); bad != 0 {
				t.Errorf("%s keeps %U: %q", path, bad, text)
			}
			if text == "" {
				t.Errorf("%s is gone", path)
			}
		})
	}
}

// texts calls look with every string, and returns how many they are. It knows every kind that the types may be made of.
func texts(value any, look func(path, text string, lines bool)) int {
	n := 0
	var walk func(path string, v reflect.Value, lines bool)
	walk = func(path string, v reflect.Value, lines bool) {
		switch v.Kind() { //nolint:exhaustive // the others are refused
		case reflect.String:
			n++
			look(path, v.String(), lines)
		case reflect.Pointer:
			if !v.IsNil() {
				walk(path, v.Elem(), lines)
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if f := v.Type().Field(i); f.IsExported() {
					walk(path+"."+f.Name, v.Field(i), f.Tag.Get("text") == "lines")
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(path+"[]", v.Index(i), lines)
			}
		case reflect.Map:
			for _, key := range v.MapKeys() {
				walk(path+"[key]", key, false)
				walk(path+"[]", v.MapIndex(key), lines)
			}
		case reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64:
		default:
			panic(path + " is of a kind that is not cleaned: " + v.Kind().String())
		}
	}
	walk(reflect.TypeOf(value).Elem().Name(), reflect.ValueOf(value), false)
	return n
}

func TestCleanKeepsWhatIsHarmless(t *testing.T) {
	t.Parallel()
	before, err := json.Marshal(fixture.Busy())
	if err != nil {
		t.Fatal(err)
	}
	if after, err := json.Marshal(source.Clean(fixture.Busy())); err != nil || string(after) != string(before) {
		t.Errorf("a harmless state has changed: %v", err)
	}
	if source.Clean[source.Snapshot](nil) != nil {
		t.Error("nothing is not nil")
	}
}
